import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, SHELLS } from './shell.ts'

needsUserNamespaces()

/** Names of foreign namespaces that need escaping in a shell, in mountinfo or in JSON. */
const NAMES = ['a"b', 'back\\slash', 'line\nbreak', 'red', 'two words']
const SETTING = `
netns_test create 2
touch /var/run/netns/cni-dead
ip netns add red; ip netns add 'a"b'; ip netns add 'two words'; ip netns add 'back\\slash'; ip netns add 'line
break'
`

for (const shell of SHELLS) {
  const called = shell.join(' ')
  test(`${called}: status distinguishes PODs, foreign namespaces and stale names in JSON`, t => {
    const { stdout, stderr } = inVm(shell, `${SETTING} netns_test status --json`)
    const status = JSON.parse(stdout.slice(stdout.indexOf('{')))
    const names = (list: { name: string; interfaces: unknown[] }[]) =>
      list.filter(({ interfaces }) => interfaces.length > 0).map(({ name }) => name)
    t.deepEqual(names(status.pods), ['vm-003-ns01', 'vm-003-ns02'], stderr)
    t.deepEqual(names(status.foreign).sort(), NAMES)
    t.deepEqual(status.stale, ['cni-dead'])
  })

  test(`${called}: status prints empty lists without namespaces`, t => {
    const { stdout } = inVm(shell, 'netns_test status --json')
    const { pods, foreign, stale } = JSON.parse(stdout)
    t.deepEqual([pods, foreign, stale], [[], [], []])
  })

  test(`${called}: status as text marks foreign namespaces and stale names`, t => {
    const { stdout } = inVm(shell, `${SETTING} netns_test status`)
    t.regex(stdout, /^vm-003-ns01$/m)
    t.regex(stdout, /^a\\"b \(a network namespace, not a POD\)$/m)
    t.regex(stdout, /^cni-dead \(stale: /m)
  })

  test(`${called}: exec enters a foreign namespace with the node's hostname, and refuses a stale name`, t => {
    const { stdout, stderr } = inVm(
      shell,
      `${SETTING} netns_test exec red -- ip -o link; netns_test exec 'two words' hostname
      netns_test exec vm-003-ns01 hostname; netns_test exec cni-dead true; echo $?; netns_test exec nothing true; echo $?`,
    )
    t.regex(stdout, /^1: lo: .*state DOWN.*\nvm-003\nvm-003-ns01\n1\n1$/m, stderr)
    t.regex(stderr, /'cni-dead' is stale: no namespace is mounted on \/var\/run\/netns\/cni-dead/)
    t.regex(stderr, /no POD 'nothing'/)
  })
}
