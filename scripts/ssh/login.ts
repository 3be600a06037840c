import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, type ConnectConfig } from 'ssh2'
import { type Failure, infrastructureFailure } from '../errors/failure.ts'
import { afterRunning } from '../host/deadline.ts'

/** A port on which a node's ssh server listens. */
interface PortAddress {
  readonly host: string
  readonly port: number
}

/** A unix socket on which it listens: only those connect who may enter the directory. */
interface SocketAddress {
  readonly directory: string
  readonly socket: string
}

/** How a node is logged in to. */
export type Login = PortLogin | (SocketAddress & Identity)

export type PortLogin = PortAddress & Identity

interface Identity {
  /** The node's name, for messages. */
  readonly name: string
  readonly user: string
  /** In OpenSSH's form; without it the login is by ssh's method `none`. */
  readonly privateKey?: string
  /** The public key blob that the node must show, in base64; `unchecked` where it is made anew at each start. */
  readonly hostKey: string
}

/** How a login is tried. */
export interface OpenOptions {
  /** Until the node has let us in, and for retries before; 20 s when missing. */
  readonly readyTimeoutMs?: number
  /** Ends the trying. */
  readonly signal?: AbortSignal
  /** Whoever calls retries. */
  readonly once?: boolean
}

const READY_TIMEOUT_MS = 20_000
const KEEPALIVE_MS = 15_000
/** From one login that a full server refused to the next. */
const RETRY_MS = 250

/**
 * Logs in. dropbear closes a connection without a word while five others from the same address have not logged in (all of loopback
 * look like one): such a login is retried.
 * @throws Failure SSH_REFUSED, SSH_FULL or HOST_KEY_MISMATCH (exit 4); the signal's reason when that is aborted
 */
export async function connect(login: Login, options: OpenOptions = {}): Promise<Client> {
  const { readyTimeoutMs = READY_TIMEOUT_MS, signal, once } = options
  const end = performance.now() + readyTimeoutMs
  for (;;) {
    try {
      return await connectOnce(login, { ...options, readyTimeoutMs })
    } catch (error) {
      if (once || !isFull(error) || performance.now() + RETRY_MS > end) throw error
      await delay(RETRY_MS, undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
  }
}

const isFull = (error: unknown) => (error as Partial<Failure>).code === 'SSH_FULL'

async function connectOnce(login: Login, { readyTimeoutMs = READY_TIMEOUT_MS, signal }: OpenOptions): Promise<Client> {
  signal?.throwIfAborted()
  const client = new Client()
  const sock = connectSocket(login)
  let shownKey: string | undefined
  let abort = () => {}
  // Not ssh2's own time-out: after Ctrl-Z that is over before what came meanwhile is read.
  const stopTimer = afterRunning(readyTimeoutMs, () => client.emit('error', new Error('it did not let us in in time')))
  await new Promise<void>((resolve, reject) => {
    abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    client.once('ready', resolve)
    // Not only once: after the first one, others may follow while the connection is torn down.
    client.on('error', reject)
    client.once('close', () => reject(new Error(CLOSED)))
    client.connect({ sock, ...connectConfig(login, key => (shownKey = key)) })
  })
    .catch((error: Error) => {
      const isSilent = sock.bytesRead === 0
      // Not by the client, which knows nothing of it where it cannot read the key.
      sock.destroy()
      signal?.throwIfAborted()
      if (shownKey && !isRightKey(login, shownKey)) throw wrongKey(login, error)
      throw isSilent && CLOSED_BY_SERVER.test(error.message) ? full(login, error) : notLetIn(login, error)
    })
    .finally(() => {
      stopTimer()
      signal?.removeEventListener('abort', abort)
    })
  client.removeAllListeners('error')
  client.removeAllListeners('close')
  return client
}

const CLOSED = 'the connection was closed'
/** The last one is ssh2's for a connection that ends before the handshake. */
const CLOSED_BY_SERVER = /^the connection was closed$|ECONNRESET|Connection lost before handshake/

function connectSocket(login: Login): net.Socket {
  // ssh2 leaves Nagle's algorithm on, which costs dropbear's answers 40 ms each.
  if ('port' in login) return net.connect({ host: login.host, port: login.port, noDelay: true })
  // The name of a socket is limited to 107 bytes: the kernel gets the directory's file descriptor in place of its name.
  const directory = fs.openSync(login.directory, 'r')
  try {
    return net.connect({ path: `/proc/self/fd/${directory}/${login.socket}` })
  } finally {
    fs.closeSync(directory)
  }
}

export const address = (login: Login) =>
  'port' in login ? `${login.host}:${login.port}` : path.join(login.directory, login.socket)

const isRightKey = (login: Login, key: string) => login.hostKey === 'unchecked' || key === login.hostKey

const wrongKey = (login: Login, cause: Error) =>
  infrastructureFailure(
    'HOST_KEY_MISMATCH',
    `${login.name}: another host key than expected answers on ${address(login)}`,
    { hint: 'another program may have taken the port', cause },
  )

const notLetIn = (login: Login, cause: Error) =>
  infrastructureFailure('SSH_REFUSED', `${login.name}: cannot log in on ${address(login)}: ${cause.message}`, { cause })

const full = (login: Login, cause: Error) =>
  infrastructureFailure(
    'SSH_FULL',
    `${login.name}: cannot log in on ${address(login)}: its ssh server closes new connections at once`,
    {
      ...('port' in login && { hint: waitingConnections(login) }),
      cause,
    },
  )

const waitingConnections = (login: Login) =>
  `other connections may wait there without logging in: ss -tnp dst ${address(login)} shows whose they are`

function connectConfig(login: Login, show: (hostKey: string) => void): ConnectConfig {
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
    readyTimeout: 0,
    // Group exchange, among ssh2's defaults, can take half a minute in an emulated guest.
    algorithms: {
      kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256'],
      serverHostKey: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-256'],
      cipher: ['chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes256-ctr'],
      compress: ['none'],
    },
  }
}
