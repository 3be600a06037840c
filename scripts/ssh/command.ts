import os from 'node:os'
import type { Readable, Writable } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import { infrastructureFailure } from '../errors/failure.ts'
import { abbreviate, encodeCommand } from './long-command.ts'

export interface CommandStreams {
  readonly stdout: Writable
  readonly stderr: Writable
  /** Input of the command; empty by default. */
  readonly stdin?: Readable | string
  onRunning?(command: RunningCommand): void
}

export interface RunningCommand {
  /** @param name without `SIG`: `TERM` */
  signal(name: string): void
  resize(rows: number, columns: number): void
  /** Stops reading the output: ends the command as a closed pipe would. */
  hangUp(): void
}

export interface Terminal {
  readonly type: string
  readonly rows: number
  readonly columns: number
}

export interface CommandRequest {
  readonly node: string
  readonly command: string
  readonly streams: CommandStreams
  readonly signal?: AbortSignal | undefined
  readonly terminal?: Terminal | undefined
}

export interface SentCommand {
  /**
   * The exit status; 128 + number for a command that a signal ended.
   * @throws Failure COMMAND_REFUSED or NO_EXIT_CODE (exit 4); Error of the channel; the reason of an aborted signal
   */
  readonly exitCode: Promise<number>
  /** Resolves when the channel is closed, possibly long after an abort. */
  readonly closed: Promise<void>
}

/** A shell reports this plus the number for a command that a signal ended. */
const SIGNAL_BASE = 128

/**
 * Runs a command in the node's shell.
 * @throws Failure COMMAND_TOO_LONG (exit 2)
 */
export function send(client: Client, request: CommandRequest): SentCommand {
  const { node, command, streams, signal, terminal } = request
  const { line, preamble } = encodeCommand(node, command, terminal !== undefined)
  let onClosed = () => {}
  const closed = new Promise<void>(resolve => {
    onClosed = resolve
  })
  const exitCode = new Promise<number>((resolve, reject) => {
    const pty = terminal && { term: terminal.type, rows: terminal.rows, cols: terminal.columns }
    // A node that hangs never opens the channel.
    const abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    client.exec(line, pty ? { pty } : {}, (error, channel) => {
      signal?.removeEventListener('abort', abort)
      if (error) {
        onClosed()
        reject(refused(node, command, error))
      } else {
        channel.once('close', onClosed)
        // Synchronously: the exit status may arrive in the same packet.
        attach(channel, streams, preamble, signal).then(code => {
          if (code === undefined) reject(noExitCode(node, command))
          else resolve(code)
        }, reject)
      }
    })
  })
  return { exitCode, closed }
}

/** @returns the exit status, if the node sent one */
function attach(
  channel: ClientChannel,
  streams: CommandStreams,
  preamble: Buffer | undefined,
  signal?: AbortSignal,
): Promise<number | undefined> {
  let exitCode: number | undefined
  return new Promise((resolve, reject) => {
    const abort = () => {
      sendSignal(channel, 'KILL')
      channel.close()
      reject(signal?.reason)
    }
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort, { once: true })
    channel.on('exit', (code: number | null, name?: string) => {
      exitCode = code ?? SIGNAL_BASE + signalNumber(name)
    })
    channel.on('error', reject)
    // ssh2 emits it only after both streams have ended.
    channel.on('close', () => {
      signal?.removeEventListener('abort', abort)
      resolve(exitCode)
    })
    channel.pipe(streams.stdout, { end: false })
    channel.stderr.pipe(streams.stderr, { end: false })
    streams.onRunning?.({
      signal: name => sendSignal(channel, name),
      resize: (rows, columns) => channel.setWindow(rows, columns, 0, 0),
      hangUp: () => {
        // The channel closes only after its remaining output is read.
        channel.unpipe(streams.stdout)
        channel.resume()
        sendSignal(channel, 'PIPE')
        channel.close()
      },
    })
    if (preamble) channel.write(preamble)
    if (streams.stdin === undefined || typeof streams.stdin === 'string') channel.end(streams.stdin)
    else streams.stdin.pipe(channel)
  })
}

/**
 * `ClientChannel.signal` does nothing after the end of the input, a rule that RFC 4254 (section 6.9) does not have.
 * Calls ssh2's internal function instead.
 */
function sendSignal(channel: ClientChannel, name: string): void {
  const inner = channel as unknown as {
    _client: { _protocol: { signal(channel: number, name: string): void } }
    outgoing: { id: number; state: string }
  }
  if (inner.outgoing.state === 'open' || inner.outgoing.state === 'eof')
    inner._client._protocol.signal(inner.outgoing.id, name)
}

const signalNumber = (name: string | undefined): number =>
  os.constants.signals[`SIG${name?.replace(/^SIG/, '')}` as NodeJS.Signals] ?? 0

const refused = (node: string, command: string, cause: Error) =>
  infrastructureFailure(
    'COMMAND_REFUSED',
    `${node}: the ssh server refused to run '${abbreviate(command)}': ${cause.message}`,
    {
      cause,
    },
  )

const noExitCode = (node: string, command: string) =>
  infrastructureFailure('NO_EXIT_CODE', `${node}: the ssh server ended '${abbreviate(command)}' without an exit status`)
