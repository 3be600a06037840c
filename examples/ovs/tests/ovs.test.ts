// Open vSwitch connects the PODs of a node, instead of the kernel's bridge. It is Debian's.
import { type CommandStep, defineTest, onWorkers, type Step } from 'xcluster-netns'

const NETWORK = (bridge: CommandStep): readonly Step[] => [
  onWorkers('forward'),
  onWorkers('create_with_addresses'),
  { name: 'server', command: '/usr/lib/netns-ovs/server', background: { file: '/run/openvswitch/ovs-vswitchd.ctl' } },
  bridge,
  // Userspace does not complete the checksums that senders leave to their network card.
  { name: 'checksums', command: 'ethtool -K eth0 tx off', in: { pod: '*' } },
  onWorkers('default_route'),
  onWorkers('setup_routes'),
]

const BASE = {
  packages: ['openvswitch-switch'],
  cluster: { __nvm: 2, xcluster_NPODS: 3 },
  needs: {
    commands: ['ovs-vsctl', 'ovs-vswitchd', 'ethtool'],
    nics: { workers: 2 },
    net: 1,
    pods: { addresses: 'node', rndadr: 'no', veth: true },
  },
  pods: 'numbered',
} as const

export default [
  defineTest({
    ...BASE,
    name: 'switch',
    summary: 'Open vSwitch as the switch of PODs: they reach each other, and those of other nodes through it',
    steps: NETWORK({ name: 'bridge', command: '/usr/lib/netns-ovs/bridge', expect: { stdout: /^datapath: / } }),
    reach: 'all',
  }),
  defineTest({
    ...BASE,
    name: 'flows',
    summary: 'OpenFlow rules let only web PODs reach the databases, and only on TCP 80',
    labels: { web: ['*-ns01'], db: ['*-ns03'] },
    steps: NETWORK({
      name: 'bridge',
      command: ['/usr/lib/netns-ovs/bridge', '/etc/database.flows'],
      files: [{ to: '/etc/database.flows', from: 'database.flows' }],
    }),
    reach: {
      rules: [
        { from: { label: 'web' }, to: { label: 'db' }, protocol: 'tcp/80', expect: 'reply' },
        { to: { label: 'db' }, protocol: ['icmp', 'tcp/80'], expect: 'silent' },
      ],
      default: 'reply',
    },
  }),
]
