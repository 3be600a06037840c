import test from 'ava'
import { compareLedgers } from '../../../scripts/cni/ledger/compare.ts'
import { readLedger } from '../../../scripts/cni/ledger/take.ts'

const TOKEN = 'ledger-0123'
const LINK = { ifname: 'eth0', ifindex: 2, flags: ['UP'], mtu: 1500, link_type: 'ether', address: '02:00:00:00:00:01' }
const RULE = { priority: 0, src: 'all', table: 'local' }

/** The output of node.sh on a node without PODs. */
function output(sections: Readonly<Record<string, string>> = {}, links: readonly object[] = [LINK]): string {
  const ip = [links, [], [], [], [], [], [RULE]].map(value => JSON.stringify(value)).join('\n')
  const all = { ip, ip6: JSON.stringify([RULE]), named: '', mounts: '', files: '', others: '', ...sections }
  return Object.entries(all)
    .map(([name, text]) => `\n${TOKEN} . ${name}\n${text}\n`)
    .join('')
}
const ledger = (...given: Parameters<typeof output>) => readLedger('vm-001', [], output(...given), TOKEN)
const messages = (before: ReturnType<typeof ledger>, after: ReturnType<typeof ledger>) =>
  compareLedgers(before, after, 'DEL').map(({ message }) => message)

test('reports an added, missing and changed link in a sentence', t => {
  const veth = { ...LINK, ifname: 'veth1', master: 'cni0', linkinfo: { info_kind: 'veth' } }
  const added = ledger({}, [LINK, veth])
  t.deepEqual(messages(ledger(), added), ['vm-001: link veth1 (veth, master cni0, mtu 1500) is left after DEL'])
  t.deepEqual(messages(added, ledger()), ['vm-001: link veth1 (veth, master cni0, mtu 1500) is missing after DEL'])
  t.deepEqual(messages(ledger(), ledger({}, [{ ...LINK, mtu: 1400 }])), [
    'vm-001: link eth0 changed: mtu 1500 became 1400 after DEL',
  ])
})

test('lists the link of a POD before what it adds to the interface of the node', t => {
  const fdb = JSON.stringify([{ mac: '01:80:c2:00:00:21', ifname: 'eth0', flags: ['self'], state: 'permanent' }])
  const vlan = { ...LINK, ifname: 'net1', linkinfo: { info_kind: 'vlan' } }
  const withPod = (node: ReturnType<typeof ledger>, pod: ReturnType<typeof ledger>) => ({
    ...node,
    places: new Map([...node.places, ['vm-001-ns01', pod.places.get('vm-001') ?? []]]),
  })
  t.deepEqual(messages(withPod(ledger(), ledger()), withPod(ledger({ fdb }), ledger({}, [LINK, vlan]))), [
    'vm-001-ns01: link net1 (vlan, mtu 1500) is left after DEL',
    'vm-001: forwarding entry 01:80:c2:00:00:21 on eth0 self is left after DEL',
  ])
})

test('ignores numbers of the kernel, carrier, counters and timers', t => {
  const nft = (packets: number, handle: number) =>
    JSON.stringify({
      nftables: [
        {
          rule: { family: 'ip', table: 't', chain: 'c', handle, expr: [{ counter: { packets, bytes: 64 * packets } }] },
        },
      ],
    })
  const before = ledger({ nft: nft(1, 2), sysctls: 'netfilter/nf_conntrack_count:7' })
  const link = { ...LINK, ifindex: 9, flags: ['UP', 'LOWER_UP'], operstate: 'UP' }
  t.deepEqual(messages(before, ledger({ nft: nft(8, 9), sysctls: 'netfilter/nf_conntrack_count:9' }, [link])), [])
})

test('tells apart VLANs, filters and rules that were added twice', t => {
  const vlans = (...numbers: readonly number[]) =>
    JSON.stringify([{ ifname: 'eth0', vlans: numbers.map(vlan => ({ vlan })) }])
  t.deepEqual(messages(ledger({ vlans: vlans(1) }), ledger({ vlans: vlans(1, 7) })), [
    'vm-001: VLAN 7 on eth0 is left after DEL',
  ])
  const filter = 'ingress: filter protocol all pref 49152 matchall chain 0'
  t.deepEqual(messages(ledger({ 'tc eth0': filter }), ledger({ 'tc eth0': `${filter}\n${filter}` })), [
    `vm-001: tc ${filter} dev eth0 (2) is left after DEL`,
  ])
  const rules = (count: number) =>
    `*nat\n:POSTROUTING ACCEPT [0:0]\n${'-A POSTROUTING -j MASQUERADE\n'.repeat(count)}COMMIT`
  t.deepEqual(messages(ledger({ iptables: rules(1) }), ledger({ iptables: rules(2) })), [
    "vm-001: iptables rule '-A POSTROUTING -j MASQUERADE' of iptables nat (2) is left after DEL",
  ])
})

test('prints names from a node as plain text', t => {
  const [message = ''] = messages(ledger(), ledger({ others: '/run/cni/\u001b[31mred\u202e' }))
  t.is(message, 'vm-001: file /run/cni/red (type no regular file) is left after DEL')
})

for (const [what, text, message] of [
  ['an empty answer', '', /it tells nothing of vm-001/],
  ['JSON that is cut off', output({ ip: '[{"ifname":' }), /JSON/],
  ['a missing answer of ip', output({ ip: '[]\n[]' }), /ip answered 2 of 7 commands/],
  ['links that are none', output({}, [{ ifname: 7, flags: [] }]), /Expected string/],
  ['a name of excessive length', output({}, [{ ...LINK, ifname: 'x'.repeat(10_000) }]), /Invalid length/],
  ['nftables that are none', output({ nft: '{"nftables":[7]}' }), /Expected Object/],
] as const) {
  test(`refuses ${what}`, t => {
    t.throws(() => readLedger('vm-001', [], text, TOKEN), { message })
  })
}

test('takes no output of a plugin for a section', t => {
  const forged = ledger({ others: '/run/x\nledger-9999 . named\n7 /var/run/netns/forged' })
  t.deepEqual(
    messages(ledger(), forged).filter(message => message.includes('namespace')),
    [],
  )
})
