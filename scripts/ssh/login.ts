import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, type ConnectConfig } from 'ssh2'
import { type Failure, infrastructureFailure } from '../errors/failure.ts'
import { afterRunning } from '../host/deadline.ts'

interface PortAddress {
  readonly host: string
  readonly port: number
}

/** A unix socket on which it listens, accessible to users who may enter the directory. */
interface SocketAddress {
  readonly directory: string
  readonly socket: string
}

/** Address and credentials of a node. */
export type Login = PortLogin | (SocketAddress & Identity)

export type PortLogin = PortAddress & Identity

interface Identity {
  readonly name: string
  readonly user: string
  /** In OpenSSH's format; without it, ssh's method `none` is used. */
  readonly privateKey?: string
  /** The node's public key blob in base64; `unchecked` if the node creates its key at each start. */
  readonly hostKey: string
}

export interface OpenOptions {
  /** Timeout of the login including retries; by default 20 s. */
  readonly readyTimeoutMs?: number
  readonly signal?: AbortSignal
  /** Disables retries: the caller retries. */
  readonly once?: boolean
}

const READY_TIMEOUT_MS = 20_000
const KEEPALIVE_MS = 15_000
/** Interval of retries when the server is full. */
const RETRY_MS = 250

/**
 * Logs in. dropbear silently closes a connection while five others from the same address (such as loopback) are
 * pending: such a login is retried.
 * @throws Failure SSH_REFUSED, SSH_FULL or HOST_KEY_MISMATCH (exit 4); the reason of an aborted signal
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
  // Not ssh2's own timeout: after Ctrl-Z it expires before pending data are read.
  const stopTimer = afterRunning(readyTimeoutMs, () => client.emit('error', new Error('the login timed out')))
  await new Promise<void>((resolve, reject) => {
    abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    client.once('ready', resolve)
    // Not `once`: further errors may follow while the connection is torn down.
    client.on('error', reject)
    client.once('close', () => reject(new Error(CLOSED)))
    client.connect({ sock, ...connectConfig(login, key => (shownKey = key)) })
  })
    .catch((error: Error) => {
      const isSilent = sock.bytesRead === 0
      // Not by the client, which does not own the socket if the key is invalid.
      sock.destroy()
      signal?.throwIfAborted()
      if (shownKey && !isExpectedKey(login, shownKey)) throw hostKeyMismatch(login, error)
      throw isSilent && CLOSED_BY_SERVER.test(error.message) ? serverFull(login, error) : loginFailed(login, error)
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
/** The last one is ssh2's message for a connection that ends before the handshake. */
const CLOSED_BY_SERVER = /^the connection was closed$|ECONNRESET|Connection lost before handshake/

function connectSocket(login: Login): net.Socket {
  // ssh2 leaves Nagle's algorithm on, which delays dropbear's answers by 40 ms.
  if ('port' in login) return net.connect({ host: login.host, port: login.port, noDelay: true })
  // The path of a socket is limited to 107 bytes: the directory is given by its file descriptor.
  const directory = fs.openSync(login.directory, 'r')
  try {
    return net.connect({ path: `/proc/self/fd/${directory}/${login.socket}` })
  } finally {
    fs.closeSync(directory)
  }
}

export const address = (login: Login) =>
  'port' in login ? `${login.host}:${login.port}` : path.join(login.directory, login.socket)

const isExpectedKey = (login: Login, key: string) => login.hostKey === 'unchecked' || key === login.hostKey

const hostKeyMismatch = (login: Login, cause: Error) =>
  infrastructureFailure('HOST_KEY_MISMATCH', `${login.name}: unexpected host key on ${address(login)}`, {
    hint: 'another program may be using the port',
    cause,
  })

const loginFailed = (login: Login, cause: Error) =>
  infrastructureFailure('SSH_REFUSED', `${login.name}: cannot log in on ${address(login)}: ${cause.message}`, { cause })

const serverFull = (login: Login, cause: Error) =>
  infrastructureFailure(
    'SSH_FULL',
    `${login.name}: cannot log in on ${address(login)}: its ssh server closes new connections immediately`,
    {
      ...('port' in login && { hint: pendingLogins(login) }),
      cause,
    },
  )

const pendingLogins = (login: Login) =>
  `other clients may be connected without logging in: ss -tnp dst ${address(login)} lists them`

function connectConfig(login: Login, show: (hostKey: string) => void): ConnectConfig {
  return {
    username: login.user,
    ...(login.privateKey === undefined
      ? { authHandler: ['none'] }
      : { authHandler: ['publickey'], privateKey: login.privateKey }),
    hostVerifier: (key: Buffer) => {
      const shown = key.toString('base64')
      show(shown)
      return isExpectedKey(login, shown)
    },
    keepaliveInterval: KEEPALIVE_MS,
    readyTimeout: 0,
    // Group exchange, one of ssh2's defaults, can take half a minute in an emulated VM.
    algorithms: {
      kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256'],
      serverHostKey: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-256'],
      cipher: ['chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes256-ctr'],
      compress: ['none'],
    },
  }
}
