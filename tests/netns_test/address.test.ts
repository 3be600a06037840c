import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { Address4, Address6 } from 'ip-address'
import { netnsTest, SHELLS } from './shell.ts'

/** Recorded results of nfqlb's `ipu`: arguments, exit status, output. */
const CASES = fs
  .readFileSync(path.join(import.meta.dirname, 'ipu-cases.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map(line => line.split('\t') as [string, string, string | undefined])

for (const shell of SHELLS) {
  test(`${shell.join(' ')}: computes the same addresses as ipu`, t => {
    t.true(CASES.length > 150)
    for (const [words, status, output = ''] of CASES) {
      const answer = netnsTest(shell, words.split(' '))
      t.deepEqual([answer.status, answer.stdout.trim()], [Number(status), output], words)
    }
  })
}

const template = fc
  .tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: 32 }), fc.integer({ min: 1, max: 32 }))
  .map(([base, a, b]) => ({ base, outer: Math.min(a, b), inner: Math.max(a, b) }))
const text = (address: number) => Address4.fromBigInt(BigInt(address)).correctForm()

test('addresses and their text form agree with an independent library', t => {
  fc.assert(
    fc.property(
      template,
      fc.nat(2 ** 32 - 1),
      fc.nat(2 ** 32 - 1),
      fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 6, maxLength: 6 }),
      ({ base, outer, inner }, n, h, groups) => {
        const net = BigInt(n) % (1n << BigInt(inner - outer))
        const host = BigInt(h) % (1n << BigInt(32 - inner))
        if (net > 999_999_999n || host > 999_999_999n) return // longer than any number that it takes
        const first = new Address4(`${text(base)}/${outer}`).startAddress().bigInt()
        const ofNet = Address4.fromBigInt(first + (net << BigInt(32 - inner))).correctForm()
        const address = Address4.fromBigInt(
          new Address4(`${ofNet}/${inner}`).startAddress().bigInt() + host,
        ).correctForm()
        const words = [`--cidr=${text(base)}/${outer}/${inner}`, `--net=${net}`, `--host=${host}`]
        t.is(netnsTest(['dash'], ['makeip', ...words]).stdout, `${address}\n`)
        const prefix = groups.map(group => group.toString(16)).join(':')
        const six = netnsTest(['dash'], ['makeip', ...words, '--subnet=2', `--ipv6template=${prefix}:0.0.0.0`])
        t.is(six.stdout, `${new Address6(`${prefix}:${address}`).correctForm()}/${inner + 96}\n`)
      },
    ),
    { numRuns: 150 },
  )
})

test('the link-local address of a MAC agrees with an independent library', t => {
  fc.assert(
    fc.property(fc.array(fc.nat(255), { minLength: 6, maxLength: 6 }), bytes => {
      const hex = (byte = 0) => byte.toString(16).padStart(2, '0')
      const [a = 0, b, c, d, e, f] = bytes
      const own = [hex(a ^ 2) + hex(b), `${hex(c)}ff`, `fe${hex(d)}`, hex(e) + hex(f)].join(':')
      const { stdout } = netnsTest(['dash'], ['linklocal', bytes.map(hex).join(':')])
      t.is(stdout, `${new Address6(`fe80:0:0:0:${own}`).correctForm()}\n`)
    }),
    { numRuns: 50 },
  )
})

test('refuses a net or host that does not fit', t => {
  fc.assert(
    fc.property(template, fc.nat(1000), ({ outer, inner }, more) => {
      fc.pre(inner - outer < 29 && 32 - inner < 29)
      const cidr = `--cidr=10.0.0.0/${outer}/${inner}`
      t.is(netnsTest(['dash'], ['makeip', cidr, `--net=${2 ** (inner - outer) + more}`]).status, 1)
      t.is(netnsTest(['dash'], ['makeip', cidr, `--host=${2 ** (32 - inner) + more}`]).status, 1)
    }),
    { numRuns: 40 },
  )
})

test('computes the address of a POD from its name', t => {
  const [shell] = SHELLS
  t.is(netnsTest(shell, ['compute_address', 'vm-002-ns03']).stdout, '172.16.2.3/24\n1000::1:ac10:203/120\n')
  t.is(netnsTest(shell, ['compute_address', '--family=6', 'vm-010-ns12']).stdout, '1000::1:ac10:a0c/120\n')
  const environment = { ADRTEMPLATE: '10.0.0.0/8/20', PREFIX: 'fd00:' }
  t.is(
    netnsTest(shell, ['compute_address', 'vm-200-ns250'], environment).stdout,
    '10.12.128.250/20\nfd00::a0c:80fa/116\n',
  )
  for (const name of ['nobody', 'vm-2-ns03', 'vm-002'])
    t.is(netnsTest(shell, ['compute_address', name]).status, 2, name)
})

test('reads numbers with leading zeros as decimal', t => {
  for (const shell of SHELLS) {
    const stdout = (...words: string[]) => netnsTest(shell, words, { NPODS: '02', __nvm: '09' }).stdout
    t.is(stdout('for', '08', '009'), '9\n10\n11\n12\n13\n14\n15\n16\n')
    t.is(stdout('for'), '1\n2\n')
    t.is(stdout('for', '1', '00'), '0\n')
    t.is(stdout('address_pods', '008', '4'), '172.16.8.1/24\n172.16.8.2/24\n')
    t.is(stdout('address_pods', '010', '4'), '172.16.10.1/24\n172.16.10.2/24\n')
    t.is(stdout('compute_address', '--family=4', 'vm-008-ns010'), '172.16.8.10/24\n')
    t.is(netnsTest(shell, ['address_pods', '00']).status, 2)
    t.is(netnsTest(shell, ['compute_address', 'vm-008-ns00']).status, 2)
  }
})

test('refuses a prefix length of 0, like ipu', t => {
  const [shell] = SHELLS
  for (const cidr of ['10.0.0.0/0/8', '10.0.0.0/0', '0.0.0.0/0/0'])
    t.is(netnsTest(shell, ['makeip', `--cidr=${cidr}`, '--net=1', '--host=2']).status, 1, cidr)
  const { status, stdout, stderr } = netnsTest(shell, ['compute_address', 'vm-001-ns02'], {
    ADRTEMPLATE: '10.0.0.0/0/8',
  })
  t.deepEqual([status, stdout], [2, ''])
  t.regex(stderr, /ADRTEMPLATE=10\.0\.0\.0\/0\/8/)
})

test('a POD with a name prefix is on net 0', t => {
  const [shell] = SHELLS
  const name = 'br2-vm-007-ns03'
  t.is(netnsTest(shell, ['compute_address', name]).stdout, '172.16.0.3/24\n1000::1:ac10:3/120\n')
  t.is(netnsTest(shell, ['compute_address', '--family=6', name]).stdout, '1000::1:ac10:3/120\n')
})

test('prints the addresses of a node, IPv4 and IPv6 alternating', t => {
  const [shell] = SHELLS
  const answer = netnsTest(shell, ['address_pods', '2'], { NPODS: '2' }).stdout
  t.is(answer, '172.16.2.1/24\n1000::1:ac10:201/120\n172.16.2.2/24\n1000::1:ac10:202/120\n')
  t.is(netnsTest(shell, ['address_pods', '2', '4'], { NPODS: '2' }).stdout, '172.16.2.1/24\n172.16.2.2/24\n')
  t.is(netnsTest(shell, ['address_pods', 'x']).status, 2)
})

for (const shell of SHELLS) {
  test(`${shell.join(' ')}: prints numbers and help, and refuses wrong usage`, t => {
    t.is(netnsTest(shell, ['for', '3', '5']).stdout, '5\n6\n7\n')
    t.is(netnsTest(shell, ['for']).stdout, '1\n2\n3\n4\n')
    t.is(netnsTest(shell, ['for', '--verbose', '--some-thing=x y', '2', '0']).stdout, '0\n1\n')
    t.is(netnsTest(shell, ['for', '300']).stdout.split('\n').at(-2), '300')
    for (const words of [[], ['help'], ['-h'], ['--help']]) {
      const { status, stdout, stderr } = netnsTest(shell, words)
      t.deepEqual([status, stderr], [0, ''])
      t.regex(stdout, /cni_bridge_start/)
    }
    for (const [words, says] of [
      [['bogus'], /unknown command 'bogus'/],
      [['../x'], /unknown command/],
      [['tcase_bogus'], /unknown test case 'bogus'/],
      [['for', 'x'], /count 'x'/],
      [['for', '1', 'x'], /first 'x'/],
      [['create', '1', '0'], /first '0'/],
      [['create', '255'], /PODs 1 to 255/],
      [['create', '--a.b=c'], /invalid option '--a\.b=c'/],
      [['exec'], /the name of a POD is needed/],
    ] as const) {
      const { status, stdout, stderr } = netnsTest(shell, words)
      t.deepEqual([status, stdout], [2, ''], words.join(' '))
      t.regex(stderr, says)
    }
    for (const [name, value] of [
      ['NPODS', '0'],
      ['NPODS', '255'],
      ['NPODS', 'x'],
      ['PODIF', 'a/b'],
      ['PODIF', 'a234567890123456'],
    ] as const) {
      const { status, stderr } = netnsTest(shell, ['for'], { [name]: value })
      t.is(status, 2)
      t.regex(stderr, new RegExp(`${name}=${value}`))
    }
  })
}
