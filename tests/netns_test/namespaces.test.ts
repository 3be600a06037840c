import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, SHELLS } from './shell.ts'

needsUserNamespaces()

/** Two PODs, namespaces of others with names that no shell and no JSON takes as they are, and a name without a namespace. */
const NAMES = ['a"b', 'back\\slash', 'line\nbreak', 'red', 'two words']
const SETTING = `
netns_test create 2
touch /var/run/netns/cni-dead
ip netns add red; ip netns add 'a"b'; ip netns add 'two words'; ip netns add 'back\\slash'; ip netns add 'line
break'
`

for (const shell of SHELLS) {
  const called = shell.join(' ')
  test(`${called}: status tells PODs, foreign namespaces and stale names apart, in JSON`, t => {
    const { stdout, stderr } = inVm(shell, `${SETTING} netns_test status --json`)
    const told = JSON.parse(stdout.slice(stdout.indexOf('{')))
    const names = (list: { name: string; interfaces: unknown[] }[]) =>
      list.filter(({ interfaces }) => interfaces.length > 0).map(({ name }) => name)
    t.deepEqual(names(told.pods), ['vm-003-ns01', 'vm-003-ns02'], stderr)
    t.deepEqual(names(told.foreign).sort(), NAMES)
    t.deepEqual(told.stale, ['cni-dead'])
  })

  test(`${called}: without any namespace the lists are empty`, t => {
    const { stdout } = inVm(shell, 'netns_test status --json')
    const { pods, foreign, stale } = JSON.parse(stdout)
    t.deepEqual([pods, foreign, stale], [[], [], []])
  })

  test(`${called}: status as text says what is no POD`, t => {
    const { stdout } = inVm(shell, `${SETTING} netns_test status`)
    t.regex(stdout, /^vm-003-ns01$/m)
    t.regex(stdout, /^a\\"b \(a network namespace, not a POD\)$/m)
    t.regex(stdout, /^cni-dead \(stale: /m)
  })

  test(`${called}: a foreign namespace can be entered, with the VM's hostname; what is stale is named`, t => {
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
