import test from 'ava'
import { parseFilters } from '../../scripts/diagnosis/filters.ts'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, netnsTest, SHELLS } from './shell.ts'

needsUserNamespaces()

for (const shell of SHELLS) {
  test(`${shell.join(' ')}: filters prints sysctls and rules of the node and of PODs`, t => {
    const script = `netns_test create || exit 9
      nft 'add table inet own' && netns_test exec vm-003-ns01 nft 'add table inet pod' || exit 9
      echo 1 >/proc/sys/net/ipv4/ip_forward; ip link add br0 type bridge
      netns_test filters vm-003-ns01 vm-003-ns77`
    const { status, stdout, stderr } = inVm(shell, script, { NPODS: '2' })
    t.is(status, 0, stderr)
    const filters = parseFilters('vm-003', stdout)
    t.deepEqual([...filters.keys()], ['vm-003 vm-003', 'vm-003 vm-003-ns01'])
    const [vm, pod] = [...filters.values()]
    t.is(vm?.sysctls.get('ipv4/conf/br0/forwarding'), '1')
    t.is(vm?.sysctls.get('ipv6/conf/all/forwarding'), '0')
    t.is(vm?.sysctls.get('ipv4/icmp_echo_ignore_all'), '0')
    t.is(pod?.sysctls.get('ipv4/conf/all/forwarding'), '0')
    t.false(pod?.sysctls.has('ipv4/conf/br0/forwarding'))
    t.regex(
      stdout,
      /^node vm-003\nsysctl .*\nruleset .*"name": ?"own".*\n\n?pod vm-003-ns01\nsysctl .*\nruleset .*"name": ?"pod"/m,
    )
    for (const { ruleset } of [vm, pod].flatMap(each => each ?? [])) t.deepEqual(ruleset?.chains, [])
  })

  test(`${shell.join(' ')}: filters prints sysctls without nft, and refuses invalid POD names`, t => {
    const script = 'for nft in $(which -a nft); do mount --bind /dev/null $nft; done; netns_test filters'
    const { status, stdout, stderr } = inVm(shell, script)
    t.is(status, 0, stderr)
    t.regex(stdout, /^node vm-003\nsysctl ipv4\S+forwarding=\d .*\n$/)
    t.is(netnsTest(shell, ['filters', '../x']).status, 2)
  })
}
