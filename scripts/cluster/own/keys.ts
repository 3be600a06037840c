import { generateKeyPairSync } from 'node:crypto'
import ssh2 from 'ssh2'

/** The keys of one cluster, made for it and gone with it. */
export interface ClusterKeys {
  /** In OpenSSH's form, for the ssh client. */
  readonly clientPrivateKey: string
  /** A line of `authorized_keys`. */
  readonly clientPublicKey: string
  /** The VMs' host key as dropbear stores it, in base64. */
  readonly hostPrivateKey: string
  /** The public key blob that the VMs show, in base64. */
  readonly hostPublicKey: string
}

const KEY_TYPE = 'ssh-ed25519'

/** Makes a key pair for the login and one for the VMs, which share it. */
export function makeKeys(): ClusterKeys {
  const client = makeSshKey()
  return { clientPrivateKey: client.private, clientPublicKey: client.public, ...makeHostKey() }
}

/**
 * Generates the nodes' host key. It is encoded during generation: a later `export()` as a JWK can hang the program, because
 * a garbage collection at that moment makes Node (seen with 20.20) wait for a lock of the key that it holds itself.
 */
export function makeHostKey(): Pick<ClusterKeys, 'hostPrivateKey' | 'hostPublicKey'> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })
  const publicBytes = keyIn(publicKey)
  return {
    // dropbear's file: the type as an ssh string, then seed and public key together as another.
    hostPrivateKey: sshStrings(Buffer.from(KEY_TYPE), Buffer.concat([keyIn(privateKey), publicBytes])),
    // RFC 8709, section 4.
    hostPublicKey: sshStrings(Buffer.from(KEY_TYPE), publicBytes),
  }
}

/** The 32 bytes with which both encodings of an ed25519 key end (RFC 8410, sections 4 and 7). */
const keyIn = (der: Buffer): Buffer => der.subarray(-32)

/**
 * Generates an ed25519 key pair in OpenSSH's format by ssh2. ssh2 drops a leading zero byte of a public key and cannot read
 * the result: one pair of 256 (github.com/mscdex/ssh2, issues 1390 and 1513).
 */
export function makeSshKey(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519')
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair
  }
}

/** Strings of RFC 4251, section 5 (length in four bytes, then the bytes), in base64. */
function sshStrings(...parts: readonly Buffer[]): string {
  const encoded = parts.flatMap(part => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    return [length, part]
  })
  return Buffer.concat(encoded).toString('base64')
}
