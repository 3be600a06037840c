import { EventEmitter } from 'node:events'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'

/** QEMU's machine protocol on a socket: one JSON object a line, answers in the order of the commands. */
export interface Qmp {
  /**
   * @returns the command's `return` value
   * @throws Error with QEMU's description
   */
  execute(command: string, options?: Record<string, unknown>): Promise<unknown>
  /** Resolves with the data of the next event of a name that is as wanted. */
  event(name: string, wanted: (data: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
  close(): void
}

interface Answer {
  readonly return?: unknown
  readonly error?: { readonly desc: string }
}

export function openQmp(socket: Duplex): Qmp {
  const waiting: ((answer: Answer) => void)[] = []
  const events = new EventEmitter()
  const lines = createInterface({ input: socket })
  lines.on('line', line => {
    const message = JSON.parse(line) as Answer & { QMP?: unknown; event?: string; data?: Record<string, unknown> }
    if (message.event) events.emit(message.event, message.data ?? {})
    else if (!message.QMP) waiting.shift()?.(message)
  })
  // QEMU ended: its process says so. The interface passes on what its input throws.
  for (const stream of [socket, lines]) stream.on('error', () => {})
  const execute = (command: string, options: Record<string, unknown> = {}) =>
    new Promise<unknown>((resolve, reject) => {
      waiting.push(({ error, return: value }) => (error ? reject(new Error(error.desc)) : resolve(value)))
      socket.write(`${JSON.stringify({ execute: command, arguments: options })}\n`)
    })
  // Whatever goes wrong here, the next command is told as well.
  execute('qmp_capabilities').catch(() => {})
  const event: Qmp['event'] = (name, wanted) =>
    new Promise(resolve => {
      const look = (data: Record<string, unknown>) => {
        if (!wanted(data)) return
        events.off(name, look)
        resolve(data)
      }
      events.on(name, look)
    })
  return { execute, event, close: () => socket.destroy() }
}
