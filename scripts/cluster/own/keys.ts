import { generateKeyPairSync } from 'node:crypto'
import ssh2 from 'ssh2'

/** The keys of a cluster. */
export interface ClusterKeys {
  /** In OpenSSH's format. */
  readonly clientPrivateKey: string
  /** A line of `authorized_keys`. */
  readonly clientPublicKey: string
  /** In dropbear's format, in base64. All nodes share it. */
  readonly hostPrivateKey: string
  /** A blob of RFC 4253, in base64. */
  readonly hostPublicKey: string
}

const KEY_TYPE = 'ssh-ed25519'

/** Generates the keys of a cluster. */
export function makeKeys(): ClusterKeys {
  const client = makeSshKey()
  return { clientPrivateKey: client.private, clientPublicKey: client.public, ...makeHostKey() }
}

/**
 * Generates a host key, encoded during generation: a later `export()` as a JWK can deadlock Node (seen with 20.20)
 * during a garbage collection.
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
 * Generates an ed25519 key pair in OpenSSH's format. ssh2 generates one invalid pair of 256, since it drops a leading
 * zero byte (github.com/mscdex/ssh2, issues 1390 and 1513).
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
