import { spawnSync } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import path from 'node:path'
import test from 'ava'
import ssh2 from 'ssh2'
import { makeHostKey, makeSshKey } from '../../../scripts/cluster/own/keys.ts'

const KEYS = path.resolve(import.meta.dirname, '../../../scripts/cluster/own/keys.ts')

test('each of a thousand keys can be read', t => {
  for (let count = 0; count < 1000; count++) {
    const pair = makeSshKey()
    for (const text of [pair.private, pair.public]) if (ssh2.utils.parseKey(text) instanceof Error) return t.fail(text)
  }
  return t.pass()
})

test("dropbear's private key belongs to the public key of the VMs", t => {
  const { hostPrivateKey, hostPublicKey } = makeHostKey()
  const key = ssh2.utils.parseKey(`ssh-ed25519 ${hostPublicKey}`)
  if (key instanceof Error) return t.fail(key.message)
  const stored = Buffer.from(hostPrivateKey, 'base64')
  // Two ssh strings, of 11 and of 64 bytes: the type, and seed and public key.
  t.is(stored.length, 4 + 11 + 4 + 64)
  const seed = stored.subarray(19, 51)
  // RFC 8410, section 7: the bytes in front of a seed in PKCS #8.
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const derived = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }))
  const publicBytes = derived.export({ format: 'der', type: 'spki' }).subarray(-32)
  t.deepEqual(stored.subarray(51), publicBytes)
  return t.true(Buffer.from(hostPublicKey, 'base64').subarray(-32).equals(publicBytes))
})

test('creates keys during garbage collection', t => {
  // Node once waited for itself in one of ten thousand: in a process that can be ended.
  const many = `import { makeHostKey } from ${JSON.stringify(KEYS)}; for (let n = 0; n < 30_000; n++) makeHostKey()`
  const words = ['--import', 'tsx', '--input-type', 'module', '--eval', many]
  const { status, signal, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 60_000 })
  t.deepEqual([status, signal], [0, null], stderr)
})
