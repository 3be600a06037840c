import { EventEmitter } from 'node:events'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'

/** QEMU's machine protocol on a socket: one JSON object a line, answers in the order of the commands. */
export interface Qmp {
  /** Resolves with QEMU's version, which is the first thing that it says. */
  readonly version: Promise<string>
  /**
   * @returns the command's `return` value
   * @throws Error with QEMU's description
   */
  execute(command: string, options?: Record<string, unknown>): Promise<unknown>
  /** Resolves with the data of the next event of a name that is as wanted. */
  event(name: string, wanted: (data: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
  close(): void
}

/** QEMU's docs/interop/qmp-spec.txt, section 2.2. */
interface Greeting {
  readonly version: {
    readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number }
    readonly package: string
  }
}

/** Beside the names of QEMU's events, which are upper case. */
const GREETING = 'greeting'

interface Answer {
  readonly return?: unknown
  readonly error?: { readonly desc: string }
}

export function openQmp(socket: Duplex): Qmp {
  const waiting: ((answer: Answer) => void)[] = []
  const events = new EventEmitter()
  const lines = createInterface({ input: socket })
  const version = new Promise<string>(resolve => events.once(GREETING, resolve))
  lines.on('line', line => {
    const message = readMessage(line)
    if (!message) return
    if (message.event) events.emit(message.event, message.data ?? {})
    else if (message.QMP) events.emit(GREETING, versionText(message.QMP))
    else waiting.shift()?.(message)
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
  return { version, execute, event, close: () => socket.destroy() }
}

/** @returns undefined for what is cut off, since QEMU was killed while it wrote */
function readMessage(line: string) {
  try {
    return JSON.parse(line) as Answer & { QMP?: Greeting; event?: string; data?: Record<string, unknown> }
  } catch {
    return undefined
  }
}

/** As `qemu-system-x86_64 --version` writes it: `7.2.22 (Debian 1:7.2+dfsg-7)`. */
function versionText({ version: { qemu, package: made } }: Greeting): string {
  const number = `${qemu.major}.${qemu.minor}.${qemu.micro}`
  return made ? `${number} (${made})` : number
}
