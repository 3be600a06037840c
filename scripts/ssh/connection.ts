import type { Socket } from 'node:net'
import type { Client } from 'ssh2'
import { Failure, infrastructureFailure } from '../errors/failure.ts'
import { type CommandRequest, type CommandStreams, send, type Terminal } from './command.ts'
import { address, connect, type Login, type OpenOptions } from './login.ts'
import { Semaphore } from './semaphore.ts'

/** Commands at once, each with an ssh connection of its own: dropbear lets in no more at a time that are still logging in. */
const MOST_COMMANDS = 4
/** How long a node may take to close its end of a connection. */
const CLOSE_MS = 1000

/**
 * A node's ssh, on which commands run, four at a time at most. When it is lost between commands, the next one logs in anew; a command
 * that runs on it is lost with it.
 *
 * One command at a time has an ssh connection for itself, and more are opened when they are needed. dropbear (2022.83–2024.85) closes
 * a channel that is open and has no command yet when the command of another channel ends (`check_close` in its common-channel.c takes
 * "no files yet" for "all files closed"), and the command that comes then runs without its streams: it can neither be waited for nor
 * safely be retried. Where connections have one channel there is no other.
 */
export class Connection {
  readonly #login: Login
  readonly #semaphore = new Semaphore(MOST_COMMANDS)
  readonly #clients = new Map<Client, { lost?: Failure }>()
  /** Those on which nothing runs. */
  readonly #idle: Client[] = []
  #lost: Failure | undefined
  #closed = false
  #tellLost = () => {}
  /** Resolves when the node is lost for the first time, or the connection closed. */
  readonly whenLost = new Promise<void>(resolve => {
    this.#tellLost = resolve
  })

  private constructor(client: Client, login: Login) {
    this.#login = login
    this.#watch(client)
    this.#idle.push(client)
  }

  /**
   * Logs in.
   * @throws Failure SSH_REFUSED, SSH_FULL or HOST_KEY_MISMATCH (exit 4); the signal's reason when that is aborted
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
    return await this.#semaphore.use(async () => {
      signal?.throwIfAborted()
      const client = this.#idle.pop() ?? (await this.#another(signal))
      return await this.#runOn(client, { node: this.#login.name, command, streams, signal, terminal })
    })
  }

  /** Closes the connection; commands under way are cut. */
  close(): void {
    this.#closed = true
    for (const client of this.#clients.keys()) {
      client.end()
      // A node that hangs never closes its end, and an open socket keeps this program from its end. `destroy` leaves alone what has ended.
      const { _sock: socket } = client as unknown as { _sock?: Socket }
      setTimeout(() => socket?.destroy(), CLOSE_MS).unref()
    }
  }

  async #runOn(client: Client, request: CommandRequest): Promise<number> {
    const { exitCode, over } = send(client, request)
    // Not before: what was killed may end while the next command is on its way.
    over.then(() => this.#clients.has(client) && this.#idle.push(client))
    const state = this.#clients.get(client)
    try {
      return await exitCode
    } catch (error) {
      request.signal?.throwIfAborted()
      throw state?.lost ?? (error instanceof Failure ? error : this.#lose((error as Error).message))
    }
  }

  /** Where it fails, how the node was lost says more. */
  async #another(signal?: AbortSignal): Promise<Client> {
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
    this.#tellLost()
    this.#lost = infrastructureFailure('NODE_LOST', `${this.#login.name}: ssh to ${address(this.#login)}: ${why}`)
    return this.#lost
  }
}
