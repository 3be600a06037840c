import net from 'node:net'
import os from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { Client, type ClientChannel, type ConnectConfig } from 'ssh2'
import { type Failure, infrastructureFailure } from '../errors/failure.ts'
import { Slots } from './slots.ts'

/** How a node is logged in to. */
export interface Login {
  /** The node's name, for messages. */
  readonly name: string
  readonly host: string
  readonly port: number
  readonly user: string
  /** In OpenSSH's form; without it the login is by ssh's method `none`. */
  readonly privateKey?: string
  /** The public key blob that the node must show, in base64; `unchecked` where it is made anew at each start. */
  readonly hostKey: string
}

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

/**
 * dropbear 2022.83–2024.85 drops whole connections when many short commands run on one at once (mkj/dropbear #321):
 * none of 480 at up to six, 3 % at eight.
 */
const MOST_CHANNELS = 4
const KEEPALIVE_MS = 15_000
const READY_TIMEOUT_MS = 20_000
/** What a shell answers for a command that a signal ended. */
const SIGNAL_BASE = 128

/** How a login is tried. */
export interface OpenOptions {
  /** Until the node has let us in; 20 s when missing. */
  readonly readyTimeoutMs?: number
  /** Ends the trying. */
  readonly signal?: AbortSignal
}

/**
 * An ssh connection to a node, on which commands run, four at a time at most. When it is lost between commands, the next one logs
 * in anew; a command that runs on it is lost with it.
 */
export class Connection {
  #client: Client
  readonly #login: Login
  readonly #slots = new Slots(MOST_CHANNELS)
  #lost: Failure | undefined
  #loggingIn: Promise<void> | undefined
  #closed = false
  #tellLost = () => {}
  /** Resolves when the connection is lost for the first time, or closed. */
  readonly whenLost = new Promise<void>(resolve => {
    this.#tellLost = resolve
  })

  private constructor(client: Client, login: Login) {
    this.#client = client
    this.#login = login
    this.#watch(client)
  }

  /**
   * Logs in.
   * @throws Failure SSH_REFUSED or HOST_KEY_MISMATCH (exit 4); the signal's reason when that is aborted
   */
  static async open(login: Login, options: OpenOptions = {}): Promise<Connection> {
    return new Connection(await connect(login, options), login)
  }

  /**
   * Runs a command by the node's shell.
   * @param signal ends the waiting: the command is killed, and the promise rejects with the signal's reason
   * @returns its exit code; 128 + number for one that a signal ended
   * @throws Failure NODE_LOST, COMMAND_REFUSED or NO_EXIT_CODE (exit 4)
   */
  async run(command: string, streams: CommandStreams, signal?: AbortSignal, terminal?: Terminal): Promise<number> {
    return await this.#slots.use(async () => {
      if (this.#lost && !this.#closed) await this.#logInAnew(this.#lost, signal)
      return await this.#run(command, streams, signal, terminal)
    })
  }

  /** Closes the connection; commands under way are cut. */
  close(): void {
    this.#closed = true
    this.#client.end()
  }

  /** Once for all commands that wait for it; where it fails, how the connection was lost says more. */
  async #logInAnew(lost: Failure, signal?: AbortSignal): Promise<void> {
    this.#loggingIn ??= connect(this.#login, signal ? { signal } : {})
      .then(client => {
        this.#client = client
        this.#lost = undefined
        this.#watch(client)
      })
      .catch((error: unknown) => {
        throw signal?.aborted ? error : lost
      })
      .finally(() => {
        this.#loggingIn = undefined
      })
    await this.#loggingIn
  }

  #watch(client: Client): void {
    client.on('error', error => this.#lose(error.message))
    client.on('close', () => this.#lose('the connection was closed'))
  }

  #run(command: string, streams: CommandStreams, signal?: AbortSignal, terminal?: Terminal): Promise<number> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (this.#lost) throw this.#lost
      const pty = terminal && { term: terminal.type, rows: terminal.rows, cols: terminal.columns }
      this.#client.exec(command, pty ? { pty } : {}, (error, channel) => {
        if (error) reject(this.#lost ?? refused(this.#login, command, error))
        // At once: the exit code can be in the very bytes in which the channel was granted.
        else this.#attach(channel, command, streams, signal).then(resolve, reject)
      })
    })
  }

  #attach(channel: ClientChannel, command: string, streams: CommandStreams, signal?: AbortSignal): Promise<number> {
    let exitCode: number | undefined
    return new Promise<number>((resolve, reject) => {
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
      channel.on('error', (error: Error) => reject(this.#lose(error.message)))
      // ssh2 tells it only after both streams have been read to their end.
      channel.on('close', () => {
        signal?.removeEventListener('abort', abort)
        if (exitCode === undefined) reject(this.#lost ?? noExitCode(this.#login, command))
        else resolve(exitCode)
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
      if (streams.stdin === undefined || typeof streams.stdin === 'string') channel.end(streams.stdin)
      else streams.stdin.pipe(channel)
    })
  }

  #lose(why: string): Failure {
    this.#tellLost()
    this.#lost ??= infrastructureFailure('NODE_LOST', `${this.#login.name}: ssh to ${address(this.#login)}: ${why}`)
    return this.#lost
  }
}

async function connect(login: Login, { readyTimeoutMs = READY_TIMEOUT_MS, signal }: OpenOptions): Promise<Client> {
  signal?.throwIfAborted()
  const client = new Client()
  // ssh2 leaves Nagle's algorithm on, which costs dropbear's answers 40 ms each.
  const sock = net.connect({ host: login.host, port: login.port, noDelay: true })
  let shownKey: string | undefined
  let abort = () => {}
  await new Promise<void>((resolve, reject) => {
    abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    client.once('ready', resolve)
    // Not only once: after the first one, others may follow while the connection is torn down.
    client.on('error', reject)
    client.once('close', () => reject(new Error('the connection was closed')))
    client.connect({ sock, ...connectConfig(login, readyTimeoutMs, key => (shownKey = key)) })
  })
    .catch((error: Error) => {
      // Not by the client, which knows nothing of it where it cannot read the key.
      sock.destroy()
      signal?.throwIfAborted()
      throw shownKey && !isRightKey(login, shownKey) ? wrongKey(login, error) : notLetIn(login, error)
    })
    .finally(() => signal?.removeEventListener('abort', abort))
  client.removeAllListeners('error')
  client.removeAllListeners('close')
  return client
}

const wrongKey = (login: Login, cause: Error) =>
  infrastructureFailure(
    'HOST_KEY_MISMATCH',
    `${login.name}: another host key than expected answers on ${address(login)}`,
    { hint: 'another program may have taken the port', cause },
  )

const notLetIn = (login: Login, cause: Error) =>
  infrastructureFailure('SSH_REFUSED', `${login.name}: cannot log in on ${address(login)}: ${cause.message}`, { cause })

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

const address = (login: Login) => `${login.host}:${login.port}`

const isRightKey = (login: Login, key: string) => login.hostKey === 'unchecked' || key === login.hostKey

const refused = (login: Login, command: string, cause: Error) =>
  infrastructureFailure(
    'COMMAND_REFUSED',
    `${login.name}: the ssh server does not run '${command}': ${cause.message}`,
    {
      cause,
    },
  )

const noExitCode = (login: Login, command: string) =>
  infrastructureFailure('NO_EXIT_CODE', `${login.name}: the ssh server ended '${command}' without an exit code`)

const signalNumber = (name: string | undefined): number =>
  os.constants.signals[`SIG${name?.replace(/^SIG/, '')}` as NodeJS.Signals] ?? 0

function connectConfig(login: Login, readyTimeoutMs: number, show: (hostKey: string) => void): ConnectConfig {
  return {
    username: login.user,
    ...(login.privateKey === undefined
      ? { authHandler: ['none'] }
      : { authHandler: ['publickey'], privateKey: login.privateKey }),
    hostVerifier: (key: Buffer) => {
      const shown = key.toString('base64')
      show(shown)
      return isRightKey(login, shown)
    },
    keepaliveInterval: KEEPALIVE_MS,
    readyTimeout: readyTimeoutMs,
    // Group exchange, among ssh2's defaults, can take half a minute in an emulated guest.
    algorithms: {
      kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256'],
      serverHostKey: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-256'],
      cipher: ['chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes256-ctr'],
      compress: ['none'],
    },
  }
}
