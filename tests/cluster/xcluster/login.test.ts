import { spawnSync } from 'node:child_process'
import path from 'node:path'
import test from 'ava'
import { consoleOf, loginOf } from '../../../scripts/cluster/xcluster/login.ts'
import { needsUserNamespaces } from '../../needs-user-namespaces.ts'

needsUserNamespaces()

const LOGIN = path.resolve(import.meta.dirname, '../../../scripts/cluster/xcluster/login.ts')

/** Where VM 202 is logged in to, as seen in a network namespace of its own. */
function addressAmong(interfaces: string): string {
  const ask = `import('${LOGIN}').then(({ loginOf }) => {
    const { host, port, user, hostKey } = loginOf({ number: 202, name: 'vm-202' })
    console.log([user, host, port, hostKey].join(' '))
  })`
  const script = `${interfaces} && exec node --import tsx --input-type=module -e "$1"`
  const words = ['--user', '--map-root-user', '--net', 'sh', '-c', script, 'sh', ask]
  const { stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8', cwd: import.meta.dirname })
  return stdout.trim() || stderr
}

test("a VM is reached on the maintenance net where the host has xcluster's bridge, else by a forwarded port", t => {
  t.is(addressAmong('ip link add xcbr1 type bridge'), 'root 192.168.0.202 22 unchecked')
  t.is(addressAmong('ip link add xcbr11 type bridge'), 'root 127.0.0.1 12502 unchecked')
})

test('a login needs no key, and a console that is not there is empty', t => {
  t.is(loginOf({ number: 1, name: 'vm-001' }).privateKey, undefined)
  t.is(consoleOf('/nowhere', 'vm-001'), '')
})
