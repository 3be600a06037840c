import { spawnSync } from 'node:child_process'
import path from 'node:path'
import test from 'ava'
import { consoleOf, loginOf } from '../../../scripts/cluster/xcluster/login.ts'
import { needsUserNamespaces } from '../../needs-user-namespaces.ts'

needsUserNamespaces()

const LOGIN = path.resolve(import.meta.dirname, '../../../scripts/cluster/xcluster/login.ts')

/** The login of VM 202 in a new network namespace. */
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

test("uses the maintenance net if the host has xcluster's bridge, otherwise a forwarded port", t => {
  t.is(addressAmong('ip link add xcbr1 type bridge'), 'root 192.168.0.202 22 unchecked')
  t.is(addressAmong('ip link add xcbr11 type bridge'), 'root 127.0.0.1 12502 unchecked')
})

test('logs in without a key, and returns an empty console when the log is missing', t => {
  t.is(loginOf({ number: 1, name: 'vm-001' }).privateKey, undefined)
  t.is(consoleOf('/nowhere', 'vm-001'), '')
})
