/** Words that `ip link` takes for keywords in place of an interface name (iproute2 6.1). */
const KEYWORDS = new Set(
  [
    'allmulticast arp carrier dev down gro_max_size group gso_max_segs gso_max_size index link-netns link-netnsid',
    'mode mtu multicast netns parentdev promisc protodown qlen state trailers type up',
    'vf vrf xdp xdpdrv xdpgeneric xdpoffload',
    'brd lladdr name',
  ].flatMap(words => words.split(' ')),
)

/** Keywords that `ip link` accepts abbreviated to a minimum length. */
const ABBREVIATED: readonly (readonly [word: string, minLength: number])[] = [
  ['address', 1],
  ['addrgenmode', 5],
  ['alias', 2],
  ['broadcast', 1],
  ['dynamic', 1],
  ['help', 1],
  ['link', 1],
  ['link-netnsid', 5],
  ['master', 1],
  ['nomaster', 1],
  ['numrxqueues', 2],
  ['numtxqueues', 2],
  ['txqlen', 2],
  ['txqueuelen', 1],
  ['type', 2],
]

const isKeyword = (name: string): boolean =>
  KEYWORDS.has(name) || ABBREVIATED.some(([word, minLength]) => name.length >= minLength && word.startsWith(name))

/** IFNAMSIZ without the terminating null. */
export const LONGEST_INTERFACE_NAME = 15

const RULES: readonly { readonly applies: (name: string) => boolean; readonly problem: string }[] = [
  { applies: name => name === '', problem: 'is empty' },
  {
    applies: name => name.length > LONGEST_INTERFACE_NAME,
    problem: `has more than ${LONGEST_INTERFACE_NAME} characters, the limit for interface names`,
  },
  {
    applies: name => !/^[\w.-]*$/.test(name),
    problem: 'must contain only letters, digits, dots, dashes and underscores',
  },
  { applies: name => name.startsWith('-'), problem: 'begins with a dash, like an option' },
  { applies: name => name === '.' || name === '..', problem: 'is the name of a directory' },
  {
    applies: name => name === 'all' || name === 'default',
    problem: 'is reserved by the kernel for settings of interfaces',
  },
  { applies: name => name === 'lo', problem: 'is the loopback interface, which exists in every POD' },
  { applies: isKeyword, problem: 'is a keyword of ip(8)' },
]

/** Why the kernel or iproute2 refuses a name for a new interface; undefined for a valid name. */
export const interfaceNameProblem = (name: string): string | undefined =>
  RULES.find(({ applies }) => applies(name))?.problem
