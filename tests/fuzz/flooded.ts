import net from 'node:net'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { readWorldEvents } from '../../scripts/cluster/namespaces/world-events.ts'
import { openControl } from '../../scripts/cluster/vm/control.ts'

/**
 * Reads stdin, a socket, as the host's end of the protocol that its argument names, and prints the outcome and the peak
 * memory in MiB. A program of its own, since the peak of a process cannot be reset.
 */
const READERS: Readonly<Record<string, (socket: net.Socket) => Promise<string>>> = {
  control: async socket => {
    const outcome = await openControl(socket)
      .reached('up')
      .then(
        () => 'up',
        (error: Error) => error.message,
      )
    await delay(2000) // the flood goes on
    return outcome
  },
  world: async socket => {
    const events = readWorldEvents(socket, () => new Set(['world', 'vm-001']))
    await events.of('ended', 'vm-001')
    return await events.of('up', 'vm-001')
  },
}

const outcome = await READERS[process.argv[2] ?? '']?.(new net.Socket({ fd: 0 }))
process.stdout.write(JSON.stringify({ outcome, peakMib: process.resourceUsage().maxRSS / 1024 }), () => process.exit())
