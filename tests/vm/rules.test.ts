import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { program } from './program.ts'

/** What the kernels of some hosts lack: SCTP. Its port 10 is dropped by one POD. */
const ALL_KINDS = `summary: SCTP, path MTU, fragments and transfers between VMs
needs: { nics: { workers: 2 }, net: 1, pods: { addresses: node, rndadr: 'no', veth: true } }
cluster: { __nvm: 2, xcluster_NPODS: 2 }
pods: numbered
steps:
  - forward
  - create_with_addresses
  - linux_bridge
  - default_route
  - setup_routes
  - name: jumbo
    command: ip link set eth1 mtu 9000
    expect: { status: 2, stderr: mtu greater than device maximum }
  - command: nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i iifname eth0 sctp dport 10 drop'
    in: vm-002-ns02
reach:
  rules:
    - { protocol: icmp, mtu: 1500, expect: reply }
    - { protocol: [icmp, udp/9], fragmented: 4000, expect: reply }
    - { protocol: tcp/9, bulk: 100000, expect: reply }
    - { to: vm-002-ns02, protocol: sctp/10, expect: silent }
    - { protocol: sctp/9, expect: reply }
  default: reply
`

test('between VMs, SCTP replies or is silent, path MTUs are measured, and larger frames are refused', async t => {
  const { state, run } = program(t)
  fs.writeFileSync(path.join(state, 'kinds.test.yaml'), ALL_KINDS)
  const { status, stderr } = await run('test', './kinds.test.yaml', '--stop', '--timeout=300')
  t.is(status, 0, stderr)
  for (const line of [
    'icmp path MTU: 24 of 24 pairs reply; path MTU 1500 bytes',
    'icmp of 4000 bytes in fragments: 24 of 24 pairs reply',
    'udp/9 of 4000 bytes in fragments: 24 of 24 pairs reply',
    'tcp/9 transfer of 100000 bytes: 24 of 24 pairs reply',
    'sctp/10: 18 of 18 pairs reply; 6 of 6 forbidden pairs blocked',
    'sctp/9: 24 of 24 pairs reply',
  ])
    t.true(stderr.includes(line), `${line}\n${stderr}`)
})
