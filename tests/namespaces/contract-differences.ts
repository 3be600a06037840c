/** An intended difference between our call and the original's. Properties that are missing do not differ. */
export interface Difference {
  readonly why: string
  readonly exit?: number
  readonly stdout?: string
  /** `+` only ours, `-` only the original's; followed by the `+` or `-` of the change itself. */
  readonly state?: readonly string[]
}

const USAGE = 'wrong usage exits with status 2, which callers can distinguish from other failures'
const FAMILY = 'the addresses were printed: the original reports its last comparison as a failure'

/** By name of the recorded call; docs/xcluster.md explains them to users. */
export const differences: Readonly<Record<string, Difference>> = {
  '004-bogus': { why: USAGE, exit: 2 },
  '005-tbogus': { why: USAGE, exit: 2 },
  '022-createtwice': { why: 'create is idempotent: existing PODs stay', exit: 0 },
  '029-vethnopods': {
    why: 'veth without PODs leaves nothing: the original leaves a pair that it cannot move',
    state: [
      '- + vm conf host dad 1 ra 1 gen 0',
      '- + vm conf vm-001-ns01 dad 1 ra 1 gen 0',
      '- + vm link host down mtu 1500 addrgenmode eui64',
      '- + vm link vm-001-ns01 down mtu 1500 addrgenmode eui64',
    ],
  },
  '043-execshc': { why: 'exec keeps the quoting of its arguments', stdout: 'x y\nvm-001-ns01\n' },
  '046-execsig': { why: 'exec keeps the quoting of its arguments: the shell kills itself', exit: 137 },
  '055-computenone': { why: USAGE, exit: 2 },
  '070-adrpods24': { why: FAMILY, exit: 0 },
  '074-rndnode4': { why: FAMILY, exit: 0 },
  '079-rndnode99': { why: FAMILY, exit: 0 },
  '080-rndnode300': {
    why: '/etc/rnd-addresses has 254 lines: the original prints the address of the network',
    stdout: '',
  },
  '091-connectnone': { why: USAGE, exit: 2 },
  '094-droutenobr': { why: 'a route via a bridge that does not exist is an error', exit: 1 },
  '127-tattach2': {
    why: 'attaches the interface given: the original always attaches eth1',
    stdout: '  HH:MM:SS (vm-001): TEST CASE: Attach [eth2] to bridge\n',
    state: [
      '+ + vm address eth2 LL/64',
      '+ + vm link eth2 up mtu 1500 master br0 addrgenmode eui64',
      '+ - vm link eth2 down mtu 1500 addrgenmode eui64',
      '- + vm address br0 1000::1:c0a8:101/24',
      '- + vm address br0 192.168.1.1/24',
      '- + vm link eth1 up mtu 1500 master br0 addrgenmode eui64',
      '- + vm route 1000::/24 dev br0',
      '- + vm route 192.168.1.0/24 dev br0 src 192.168.1.1',
      '- - vm address eth1 1000::1:c0a8:101/120',
      '- - vm address eth1 192.168.1.1/24',
      '- - vm link eth1 up mtu 1500 addrgenmode eui64',
      '- - vm route 1000::1:c0a8:100/120 dev eth1',
      '- - vm route 192.168.1.0/24 dev eth1 src 192.168.1.1',
    ],
  },
}
