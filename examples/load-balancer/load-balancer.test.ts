// A load balancer by nftables on a router, in front of 16 PODs: connections to one address are spread over all of them.
import { defineTest, onWorkers } from 'xcluster-netns'

const ADDRESSES = ['10.0.0.1', 'fd00:10::1'] as const
/** Stops answering while connections are held. */
const TARGET = 'vm-002-ns03'

const NODES = [1, 2, 3, 4]
const pods = (address: (node: number, pod: number) => string) =>
  NODES.flatMap(node => [1, 2, 3, 4].map(pod => address(node, pod)))
    .map((text, index) => `${index} : ${text}`)
    .join(', ')

const IPV4_PODS = pods((node, pod) => `172.16.${node}.${pod}`)
const IPV6_PODS = pods((node, pod) => `1000::1:ac10:${node}0${pod}`)

/** The PODs take turns. Answers return through the router, which is the source of the connections for them. */
const BALANCER = `flush ruleset
table inet balancer {
  chain prerouting {
    type nat hook prerouting priority dstnat
    ip daddr ${ADDRESSES[0]} tcp dport 80 dnat ip to numgen inc mod 16 map { ${IPV4_PODS} }
    ip6 daddr ${ADDRESSES[1]} tcp dport 80 dnat ip6 to numgen inc mod 16 map { ${IPV6_PODS} }
  }
  chain postrouting {
    type nat hook postrouting priority srcnat
    ct status dnat masquerade
  }
}
`

const spread = { over: 'workers', connections: 8, atLeast: 4, atMost: 12 } as const

export default defineTest({
  summary: 'Connections to one address reach all of 16 PODs; only those to a POD that goes away break',
  cluster: { __nvm: 4, __nrouters: 1 },
  forced: { xcluster_NPODS: '4' },
  needs: { nics: { workers: 2, 'vm-201': 2 }, net: 1, pods: { addresses: 'node', rndadr: 'no', veth: true } },
  pods: 'numbered',
  steps: [
    onWorkers('forward'),
    onWorkers('create_with_addresses'),
    onWorkers('linux_bridge'),
    onWorkers('default_route'),
    onWorkers('setup_routes'),
    { name: 'setup_routes', where: 'routers' },
    {
      name: 'balancer',
      command: 'nft -f /etc/balancer.nft',
      on: 'routers',
      files: [{ to: '/etc/balancer.nft', text: BALANCER }],
    },
    {
      name: 'routes to the balancer',
      command: `ip route replace ${ADDRESSES[0]} via 192.168.1.201 && ip route replace ${ADDRESSES[1]} via 1000::1:c0a8:1c9`,
    },
    {
      name: 'a target goes',
      run: async ({ hold, run, log }) => {
        for (const to of ADDRESSES) {
          const held = await hold({ from: { node: 'vm-001' }, to, port: 80, connections: 16 })
          await run(
            "nft 'add table inet gone; add chain inet gone in { type filter hook input priority 0; policy drop; }'",
            {
              in: TARGET,
            },
          )
          await run('sleep 5', { on: 'vm-001' })
          const all = await held.release()
          await run('nft delete table inet gone', { in: TARGET })
          const broken = all.filter(each => each.broken !== undefined)
          log(`${to}: ${broken.length} of ${held.count} connections broke when ${TARGET} went away`)
          const others = broken.filter(({ by }) => by !== TARGET)
          if (broken.length === 0) throw new Error(`no connection to ${TARGET} broke`)
          if (others.length > 0) throw new Error(`connections broke without a reason: ${JSON.stringify(others)}`)
        }
      },
    },
  ],
  reach: {
    rules: ADDRESSES.map(to => ({ to, protocol: 'tcp/80', expect: 'reply', spread }) as const),
    default: 'reply',
  },
})
