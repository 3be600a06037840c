import { EventEmitter } from 'node:events'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'

/** A client of the QEMU Machine Protocol: one JSON object a line, responses in the order of the commands. */
export interface Qmp {
  /** QEMU's version, from its greeting. */
  readonly version: Promise<string>
  /**
   * @returns the command's `return` value
   * @throws Error with QEMU's description
   */
  execute(command: string, options?: Record<string, unknown>): Promise<unknown>
  /** Resolves with the data of the next event with this name that matches. */
  event(name: string, matches: (data: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
  close(): void
}

/** QEMU's docs/interop/qmp-spec.txt, section 2.2. */
interface Greeting {
  readonly version: {
    readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number }
    readonly package: string
  }
}

/** Cannot clash with QEMU's event names, which are upper case. */
const GREETING = 'greeting'

interface Response {
  readonly return?: unknown
  readonly error?: { readonly desc: string }
}

/** Opens a client on a socket that is connected to QEMU. */
export function openQmp(socket: Duplex): Qmp {
  const waiting: ((response: Response) => void)[] = []
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
  // QEMU ended, which its process reports. readline re-emits the errors of its input.
  for (const stream of [socket, lines]) stream.on('error', () => {})
  const execute = (command: string, options: Record<string, unknown> = {}) =>
    new Promise<unknown>((resolve, reject) => {
      waiting.push(({ error, return: value }) => (error ? reject(new Error(error.desc)) : resolve(value)))
      socket.write(`${JSON.stringify({ execute: command, arguments: options })}\n`)
    })
  // The next command gets an error of this one as well.
  execute('qmp_capabilities').catch(() => {})
  const event: Qmp['event'] = (name, matches) =>
    new Promise(resolve => {
      const look = (data: Record<string, unknown>) => {
        if (!matches(data)) return
        events.off(name, look)
        resolve(data)
      }
      events.on(name, look)
    })
  return { version, execute, event, close: () => socket.destroy() }
}

/** @returns undefined for a line cut off because QEMU was killed while writing */
function readMessage(line: string) {
  try {
    return JSON.parse(line) as Response & { QMP?: Greeting; event?: string; data?: Record<string, unknown> }
  } catch {
    return undefined
  }
}

/** In the format of `qemu-system-x86_64 --version`: `7.2.22 (Debian 1:7.2+dfsg-7)`. */
function versionText({ version: { qemu, package: distribution } }: Greeting): string {
  const number = `${qemu.major}.${qemu.minor}.${qemu.micro}`
  return distribution ? `${number} (${distribution})` : number
}
