import { generateKeyPairSync, type KeyObject } from 'node:crypto'
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
  const host = generateKeyPairSync('ed25519')
  const publicBytes = rawKey(host.publicKey, 'x')
  return {
    clientPrivateKey: client.private,
    clientPublicKey: client.public,
    // dropbear's file: the type as an ssh string, then seed and public key together as another.
    hostPrivateKey: sshStrings(Buffer.from(KEY_TYPE), Buffer.concat([rawKey(host.privateKey, 'd'), publicBytes])),
    // RFC 8709, section 4.
    hostPublicKey: sshStrings(Buffer.from(KEY_TYPE), publicBytes),
  }
}

/**
 * Makes an ed25519 key pair in OpenSSH's form, by ssh2, which takes a zero at the beginning of a public key for no part of it, and cannot
 * read what comes of that: one pair of 256 (github.com/mscdex/ssh2, issues 1390 and 1513).
 */
export function makeSshKey(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519')
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair
  }
}

const rawKey = (key: KeyObject, field: 'd' | 'x'): Buffer =>
  Buffer.from(key.export({ format: 'jwk' })[field] ?? '', 'base64url')

/** Strings of RFC 4251, section 5 (length in four bytes, then the bytes), in base64. */
function sshStrings(...parts: readonly Buffer[]): string {
  const encoded = parts.flatMap(part => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    return [length, part]
  })
  return Buffer.concat(encoded).toString('base64')
}
