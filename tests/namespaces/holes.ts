import fs from 'node:fs'
import path from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Program } from '../vm/program.ts'

/** The path MTU between nodes of a tunnel, by the type of `setup_overlay`. */
export const TUNNEL_MTU = { vxlan: 1450, ip6tnl: 1452 } as const

/** vm-001 does not announce that packets are too big for its tunnel. */
const HOLE = `summary: a black hole
needs: { nics: { workers: 2 }, net: 1, kinds: [TYPE], pods: { addresses: node, rndadr: 'no', veth: true } }
cluster: { __nvm: 2, xcluster_NPODS: 2 }
pods: numbered
steps:
  - forward
  - create_with_addresses
  - linux_bridge
  - default_route
  - { name: setup_overlay, arguments: [--type=TYPE] }
  - command: |
      nft 'add table inet t; add chain inet t o { type filter hook output priority 0; }'
      nft 'add rule inet t o icmp code frag-needed drop; add rule inet t o icmpv6 type packet-too-big drop'
    on: vm-001
reach:
  rules: [{ protocol: icmp, mtu: measure, expect: reply }]
  default: reply
`

export interface Pair {
  readonly source: { readonly pod: string }
  readonly target: { readonly pod: string; readonly family: number }
  readonly why: string
}

/** `vm-001-ns01 → vm-002-ns04 IPv6`, sorted. */
export const pairNames = (pairs: readonly Pair[]): readonly string[] =>
  pairs.map(({ source, target }) => `${source.pod} → ${target.pod} IPv${target.family}`).sort()

/** A tunnel whose "packet too big" errors are dropped on one node is a black hole between exactly its pairs. */
export async function provesHole(t: ExecutionContext, { state, run }: Program, type: keyof typeof TUNNEL_MTU) {
  const name = `hole-${type}`
  fs.writeFileSync(path.join(state, `${name}.test.yaml`), HOLE.replaceAll('TYPE', type))
  const { status, stderr } = await run('test', `./${name}.test.yaml`, '--results', 'results', '--stop', '--timeout=300')
  t.is(status, 1, stderr)
  const [{ wrong }] = JSON.parse(fs.readFileSync(path.join(state, 'results', name, 'matrix.json'), 'utf8')).matrices
  const pods = (node: string) => [`${node}-ns01`, `${node}-ns02`]
  const across = pods('vm-001').flatMap(from =>
    pods('vm-002').flatMap(to => [4, 6].map(family => `${from} → ${to} IPv${family}`)),
  )
  t.deepEqual(pairNames(wrong), across.sort())
  const hole = `black hole: packets of ${TUNNEL_MTU[type] + 1} to 1500 bytes vanish, and no ICMP error says that`
  for (const { why } of wrong) t.true(why.startsWith(hole), why)
}
