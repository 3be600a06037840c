// PODs get their addresses over the bridge of their node: IPv4 by DHCP, IPv6 by SLAAC. dnsmasq is Debian's.
import { defineTest, type Step } from 'xcluster-netns'

const NODES = [1, 2]

const server = (node: number): Step => ({
  name: 'server',
  command: ['/usr/lib/netns-dhcp/server', `10.1.${node}`, `fd00:1:${node}`],
  on: { node: `vm-00${node}` },
  background: { port: 'udp/67' },
})

const PODS: readonly Step[] = [
  { name: 'create' },
  { name: 'veth', command: 'netns_test veth' },
  { name: 'linux_bridge' },
]

const BASE = {
  packages: ['dnsmasq-base'],
  cluster: { __nvm: NODES.length, xcluster_NPODS: 3 },
  needs: { commands: ['dnsmasq', 'udhcpc'] },
} as const

export default [
  defineTest({
    ...BASE,
    name: 'addresses',
    summary: 'Each POD gets an address of its node by DHCP and one by SLAAC, and reaches the PODs of its node',
    steps: [
      ...PODS,
      ...NODES.map(server),
      { name: 'client', command: ['/usr/lib/netns-dhcp/client', 'eth0'], in: { pod: '*' } },
      {
        name: 'slaac',
        command: 'ip -6 -brief address show dev eth0 scope global -tentative',
        in: { pod: '*' },
        expect: { stdout: /fd00:1:\d:/, withinSeconds: 30 },
      },
      {
        name: 'leases',
        run: async ({ pods, run, nodes }) => {
          const all = await pods()
          for (const { name } of nodes) {
            const own = all.filter(({ node }) => node === name).map(({ ipv4 }) => ipv4.join(' '))
            if (new Set(own).size !== own.length) throw new Error(`${name}: equal addresses: ${own.join(', ')}`)
            const [leases] = await run('cat /run/netns-dhcp.leases', { on: name, expect: { stdout: own } })
            if (!leases?.stdout.includes(`10.1.${Number(name.slice(3))}.`)) throw new Error(`${name}: another network`)
          }
        },
      },
    ],
    reach: 'node',
  }),
  defineTest({
    ...BASE,
    name: 'no-server',
    summary: 'Without a server, PODs get no address',
    steps: [
      ...PODS,
      { ...server(1), on: { node: 'vm-001' } },
      {
        name: 'client',
        command: ['/usr/lib/netns-dhcp/client', 'eth0'],
        in: { node: 'vm-002', pod: '*' },
        expect: { status: 1 },
      },
      {
        name: 'no address',
        command: 'ip -brief address show dev eth0 scope global',
        in: { node: 'vm-002', pod: '*' },
        expect: { stdout: /^eth0\S* +\S+ *$/m },
      },
    ],
  }),
]
