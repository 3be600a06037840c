import test from 'ava'
import { Address4 } from 'ip-address'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, SHELLS } from './shell.ts'

needsUserNamespaces()

/** Prints the random addresses of all nodes and PODs, with its own /etc/rnd-addresses. */
function randomAddresses(shell: (typeof SHELLS)[number], file: string, environment: Readonly<Record<string, string>>) {
  const script = `
    mount -t tmpfs etc /etc && ${file} >/etc/rnd-addresses
    for node in $(seq "$__nvm"); do netns_test rndaddress_node $node 4; netns_test rndaddress_pods $node 4 || exit; done`
  const { status, stdout, stderr } = inVm(shell, script, environment)
  return { status, stderr, addresses: stdout.split('\n').filter(Boolean) }
}

const WIDE = { ADRTEMPLATE: '10.0.0.0/8/20', __nvm: '5', NPODS: '200' }

for (const shell of SHELLS) {
  test(`${shell.join(' ')}: a wide template gives a thousand distinct random addresses across the range`, t => {
    const { status, stderr, addresses } = randomAddresses(shell, 'seq 1 254', WIDE)
    t.is(status, 0, stderr)
    t.is(addresses.length, 5 * 201)
    t.is(new Set(addresses).size, addresses.length)
    const net = new Address4('10.0.0.0/20')
    const hosts = addresses.map(text => {
      const address = new Address4(text)
      t.true(address.isInSubnet(net), text)
      t.notDeepEqual(address.bigInt(), net.startAddress().bigInt())
      t.notDeepEqual(address.bigInt(), net.endAddress().bigInt())
      return Number(address.bigInt() & 4095n)
    })
    // Each sixteenth of the range holds 63 of them on average.
    const shares = Array.from({ length: 16 }, (_, part) => hosts.filter(host => host >> 8 === part).length)
    t.true(
      shares.every(share => share > 30 && share < 100),
      String(shares),
    )
  })
}

test('the random addresses depend on the file only', t => {
  const [shell] = SHELLS
  const some = { ...WIDE, __nvm: '2', NPODS: '4' }
  const one = randomAddresses(shell, 'seq 1 254', some).addresses
  t.deepEqual(randomAddresses(shell, 'seq 1 254', some).addresses, one)
  const same = randomAddresses(shell, 'seq 254 -1 1', some).addresses.filter(address => one.includes(address))
  t.true(same.length < 3)
})

test('assigns every host of a range once, and refuses more', t => {
  const [shell] = SHELLS
  const { addresses } = randomAddresses(shell, 'seq 1 254', { ADRTEMPLATE: '10.0.0.0/8/23', __nvm: '2', NPODS: '254' })
  t.is(addresses.length, 510)
  t.is(new Set(addresses).size, 510)
  const { status, stderr } = randomAddresses(shell, 'seq 1 254', {
    ADRTEMPLATE: '10.0.0.0/8/23',
    __nvm: '3',
    NPODS: '254',
  })
  t.is(status, 1)
  t.regex(stderr, /has 510 hosts, and 511 are needed/)
})

test('the default template reads the file, and reports a file with too few numbers', t => {
  const [shell] = SHELLS
  const few = randomAddresses(shell, 'seq 254 -1 1', { __nvm: '2', NPODS: '2' })
  const hosts = [254, 252, 251, 253, 250, 249]
  t.deepEqual(
    few.addresses,
    hosts.map(host => `172.16.0.${host}/24`),
  )
  const many = randomAddresses(shell, 'seq 1 254', { __nvm: '2', NPODS: '127' })
  t.is(many.status, 1)
  t.regex(many.stderr, /has 254 numbers, and 255 are needed .*ADRTEMPLATE/)
})
