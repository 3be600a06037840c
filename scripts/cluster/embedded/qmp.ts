import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'

/** QEMU's machine protocol on a socket: one JSON object a line, answers in the order of the commands. */
export interface Qmp {
  /**
   * @returns the command's `return` value
   * @throws Error with QEMU's description
   */
  execute(command: string, options?: Record<string, unknown>): Promise<unknown>
  close(): void
}

interface Answer {
  readonly return?: unknown
  readonly error?: { readonly desc: string }
}

export function openQmp(socket: Duplex): Qmp {
  const waiting: ((answer: Answer) => void)[] = []
  const lines = createInterface({ input: socket })
  lines.on('line', line => {
    const message = JSON.parse(line) as Answer & { QMP?: unknown; event?: string }
    if (!message.QMP && !message.event) waiting.shift()?.(message)
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
  return { execute, close: () => socket.destroy() }
}
