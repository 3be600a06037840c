import { execFileSync } from 'node:child_process'
import test from 'ava'
import fc from 'fast-check'
import ssh2 from 'ssh2'
import { identityMessage } from '../../../scripts/cluster/own/identity.ts'
import { makeKeys } from '../../../scripts/cluster/own/keys.ts'
import { macAddress, netOfMac } from '../../../scripts/settings/mac-address.ts'

const plan = { number: 7, name: 'vm-007', role: 'worker', memoryMiB: 256, cpus: 1, nets: [0, 1, 3] } as const

const INTERFACES = [
  '0 00:00:00:01:00:07 192.168.0.7 255.255.255.0 1000::1:192.168.0.7 120',
  '1 00:00:00:01:01:07 192.168.1.7 255.255.255.0 1000::1:192.168.1.7 120',
  '3 00:00:00:01:03:07',
].join('\n')

/** What a buffer holds: values, each behind the number of its bytes. */
function counted(buffer: Buffer): Buffer[] {
  const values: Buffer[] = []
  for (let rest = buffer; rest.length > 0; ) {
    const end = 4 + rest.readUInt32BE()
    values.push(rest.subarray(4, end))
    rest = rest.subarray(end)
  }
  return values
}

test('an identity contains all values unchanged, and a shell reads its environment with any content', t => {
  const keys = makeKeys()
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).map(text => text.replace(/[\0\r\n]/g, '')),
      value => {
        const message = identityMessage(
          plan,
          {
            keys,
            environment: { FOO: value },
            prefix: '1000::1',
            ovls: 2,
            rndAddresses: '2\n1\n',
            nodes: [plan],
            hosts: '',
            bareNets: [3],
            alsoForwarding: [],
          },
          false,
        )
        const [all] = counted(message) as [Buffer]
        t.is(message.length, 4 + all.length)
        const words = counted(all).map(String)
        const values = Object.fromEntries(
          words.map((name, index) => [name, words[index + 1]]).filter((_, index) => index % 2 === 0),
        )
        t.like(values, {
          node: '7',
          hostname: 'vm-007',
          interfaces: INTERFACES,
          routes: '',
          forward: 'no',
          ovls: '2',
          seed: '',
        })
        const script = `${values.environment}printf %s "$FOO"`
        t.is(execFileSync('/bin/sh', ['-c', script]).toString(), Buffer.from(value).toString())
      },
    ),
    { numRuns: 30 },
  )
})

test('creates new keys each time, in formats that ssh and dropbear read', t => {
  const [keys, others] = [makeKeys(), makeKeys()]
  t.not(keys.clientPrivateKey, others.clientPrivateKey)
  t.not(keys.hostPublicKey, others.hostPublicKey)
  const client = ssh2.utils.parseKey(keys.clientPrivateKey)
  t.false(client instanceof Error)
  const host = ssh2.utils.parseKey(`ssh-ed25519 ${keys.hostPublicKey}`)
  t.false(host instanceof Error)
  // Type, then 64 bytes: the seed and the public key, which is the end of the public blob as well.
  const [own, blob] = [keys.hostPrivateKey, keys.hostPublicKey].map(key => Buffer.from(key, 'base64')) as [
    Buffer,
    Buffer,
  ]
  t.is(own.length, 4 + 11 + 4 + 64)
  t.deepEqual(own.subarray(-32), blob.subarray(-32))
})

test('a MAC address consists of the numbers of net and node', t => {
  t.is(macAddress(1, 200), '00:00:00:01:01:c8')
  t.is(netOfMac(macAddress(254, 1)), 254)
  for (const other of ['02:00:00:01:01:c8', '00:00:00:01:01', '', undefined]) t.is(netOfMac(other), undefined)
})
