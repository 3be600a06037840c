import type { Socket } from 'node:net'
import type { Client } from 'ssh2'
import { Failure, infrastructureFailure } from '../errors/failure.ts'
import { type CommandRequest, type CommandStreams, send, type Terminal } from './command.ts'
import { address, connect, type Login, type OpenOptions } from './login.ts'
import { Semaphore } from './semaphore.ts'

/** Limit on concurrent commands, each on its own ssh connection: dropbear limits the number of pending logins. */
const MAX_COMMANDS = 4
/** How long a node may take to close its end of a connection. */
const CLOSE_MS = 1000

/**
 * Runs commands on a node by ssh, at most four at once. A connection that is lost between commands is reopened; a
 * running command fails with its connection.
 *
 * Concurrent commands never share an ssh connection. dropbear (2022.83–2024.85) closes a channel that has no command
 * yet when the command of another channel ends: `check_close` in its common-channel.c mistakes "no files yet" for "all
 * files closed". The new command then runs without streams, and can be neither awaited nor safely retried.
 */
export class Connection {
  readonly #login: Login
  readonly #semaphore = new Semaphore(MAX_COMMANDS)
  readonly #clients = new Map<Client, { lost?: Failure }>()
  /** Clients without a running command. */
  readonly #idle: Client[] = []
  #lost: Failure | undefined
  #closed = false
  #resolveLost = () => {}
  /** Resolves when the node is first lost, or the connection is closed. */
  readonly whenLost = new Promise<void>(resolve => {
    this.#resolveLost = resolve
  })

  private constructor(client: Client, login: Login) {
    this.#login = login
    this.#watch(client)
    this.#idle.push(client)
  }

  /**
   * Logs in.
   * @throws Failure SSH_REFUSED, SSH_FULL or HOST_KEY_MISMATCH (exit 4); the reason of an aborted signal
   */
  static async open(login: Login, options: OpenOptions = {}): Promise<Connection> {
    return new Connection(await connect(login, options), login)
  }

  /**
   * Runs a command in the node's shell.
   * @param signal kills the command; the promise rejects with its reason
   * @returns the exit status; 128 + number for a command that a signal ended
   * @throws Failure NODE_LOST, COMMAND_REFUSED or NO_EXIT_CODE (exit 4)
   */
  async run(command: string, streams: CommandStreams, signal?: AbortSignal, terminal?: Terminal): Promise<number> {
    return await this.#semaphore.use(async () => {
      signal?.throwIfAborted()
      const client = this.#idle.pop() ?? (await this.#openClient(signal))
      return await this.#runOn(client, { node: this.#login.name, command, streams, signal, terminal })
    })
  }

  /** Closes the connection, and with it running commands. */
  close(): void {
    this.#closed = true
    for (const client of this.#clients.keys()) {
      client.end()
      // A node that hangs never closes its end, and an open socket keeps this program alive.
      const { _sock: socket } = client as unknown as { _sock?: Socket }
      setTimeout(() => socket?.destroy(), CLOSE_MS).unref()
    }
  }

  async #runOn(client: Client, request: CommandRequest): Promise<number> {
    const { exitCode, closed } = send(client, request)
    // Not earlier: a killed command may still end while the next one starts.
    closed.then(() => this.#clients.has(client) && this.#idle.push(client))
    const state = this.#clients.get(client)
    try {
      return await exitCode
    } catch (error) {
      request.signal?.throwIfAborted()
      throw state?.lost ?? (error instanceof Failure ? error : this.#lose((error as Error).message))
    }
  }

  /** If opening fails, the reason why the node was lost explains more. */
  async #openClient(signal?: AbortSignal): Promise<Client> {
    if (this.#closed) throw this.#lose('the connection was closed')
    try {
      const client = await connect(this.#login, signal ? { signal } : {})
      this.#lost = undefined
      this.#watch(client)
      if (this.#closed) client.end()
      return client
    } catch (error) {
      signal?.throwIfAborted()
      throw this.#lost ?? error
    }
  }

  #watch(client: Client): void {
    const state: { lost?: Failure } = {}
    this.#clients.set(client, state)
    const lose = (why: string) => {
      state.lost ??= this.#lose(why)
      this.#clients.delete(client)
      const index = this.#idle.indexOf(client)
      if (index >= 0) this.#idle.splice(index, 1)
    }
    client.on('error', error => lose(error.message))
    client.on('close', () => lose('the connection was closed'))
  }

  #lose(why: string): Failure {
    this.#resolveLost()
    this.#lost = infrastructureFailure('NODE_LOST', `${this.#login.name}: ssh to ${address(this.#login)}: ${why}`)
    return this.#lost
  }
}
