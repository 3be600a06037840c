import os from 'node:os'
import type { Readable, Writable } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import { infrastructureFailure } from '../errors/failure.ts'
import { sentForm, shownCommand } from './long-command.ts'

/** Where the streams of a command go. */
export interface CommandStreams {
  readonly stdout: Writable
  readonly stderr: Writable
  /** Sent to the command; without it its input is empty. */
  readonly stdin?: Readable | string
  /** Given once the command runs: what can be done to it. */
  onRunning?(command: RunningCommand): void
}

/** What can be done to a command that runs. */
export interface RunningCommand {
  /** @param name without `SIG`: `TERM` */
  signal(name: string): void
  /** Tells the command's terminal how large the window is. */
  resize(rows: number, columns: number): void
  /** Nobody reads the output any more: as a closed pipe would, this ends the command. */
  hangUp(): void
}

/** Size of the window of a command that has a terminal. */
export interface Terminal {
  readonly type: string
  readonly rows: number
  readonly columns: number
}

/** A command on its way to a node. */
export interface CommandRequest {
  /** The node's name, for messages. */
  readonly node: string
  readonly command: string
  readonly streams: CommandStreams
  readonly signal?: AbortSignal | undefined
  readonly terminal?: Terminal | undefined
}

/** A command that was sent. */
export interface SentCommand {
  /**
   * Its exit code; 128 + number for one that a signal ended.
   * @throws Failure COMMAND_REFUSED or NO_EXIT_CODE (exit 4); Error of the channel; the signal's reason when that is aborted
   */
  readonly exitCode: Promise<number>
  /** Resolves when the node has nothing to do with it any more, which may be after the waiting was aborted. */
  readonly over: Promise<void>
}

/** What a shell answers for a command that a signal ended. */
const SIGNAL_BASE = 128

/**
 * Runs a command by the node's shell.
 * @throws Failure COMMAND_TOO_LONG (exit 2)
 */
export function send(client: Client, request: CommandRequest): SentCommand {
  const { node, command, streams, signal, terminal } = request
  const { line, head } = sentForm(node, command, terminal !== undefined)
  let end = () => {}
  const over = new Promise<void>(resolve => {
    end = resolve
  })
  const exitCode = new Promise<number>((resolve, reject) => {
    const pty = terminal && { term: terminal.type, rows: terminal.rows, cols: terminal.columns }
    // A node that hangs never grants the channel.
    const abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    client.exec(line, pty ? { pty } : {}, (error, channel) => {
      signal?.removeEventListener('abort', abort)
      if (error) {
        end()
        reject(refused(node, command, error))
      } else {
        channel.once('close', end)
        // At once: the exit code can be in the very bytes in which the channel was granted.
        attach(channel, streams, head, signal).then(code => {
          if (code === undefined) reject(noExitCode(node, command))
          else resolve(code)
        }, reject)
      }
    })
  })
  return { exitCode, over }
}

/** @returns the exit code, if the node told one */
function attach(
  channel: ClientChannel,
  streams: CommandStreams,
  head: Buffer | undefined,
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
    // ssh2 tells it only after both streams have been read to their end.
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
        // What still comes is read and thrown away: only then does the channel come to its end.
        channel.unpipe(streams.stdout)
        channel.resume()
        sendSignal(channel, 'PIPE')
        channel.close()
      },
    })
    if (head) channel.write(head)
    if (streams.stdin === undefined || typeof streams.stdin === 'string') channel.end(streams.stdin)
    else streams.stdin.pipe(channel)
  })
}

/**
 * `ClientChannel.signal` does nothing once the command's input has ended, although RFC 4254, section 6.9, has no such rule: the
 * request is made where ssh2 makes it.
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
    `${node}: the ssh server does not run '${shownCommand(command)}': ${cause.message}`,
    {
      cause,
    },
  )

const noExitCode = (node: string, command: string) =>
  infrastructureFailure('NO_EXIT_CODE', `${node}: the ssh server ended '${shownCommand(command)}' without an exit code`)
