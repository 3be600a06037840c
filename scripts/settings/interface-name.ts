/** Words that `ip link` takes for its own where it is given the name of an interface (iproute2 6.1), written out. */
const KEYWORDS = new Set(
  [
    'allmulticast arp carrier dev down gro_max_size group gso_max_segs gso_max_size index link-netns link-netnsid mode mtu',
    'multicast netns parentdev promisc protodown qlen state trailers type up vf vrf xdp xdpdrv xdpgeneric xdpoffload',
    'brd lladdr name',
  ].flatMap(words => words.split(' ')),
)

/** Those that it also takes when they are cut off, down to the shortest that is here. */
const ABBREVIATED: readonly (readonly [word: string, shortest: number])[] = [
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
  KEYWORDS.has(name) || ABBREVIATED.some(([word, shortest]) => name.length >= shortest && word.startsWith(name))

/** Longest name of an interface: IFNAMSIZ less its end. */
export const LONGEST_INTERFACE_NAME = 15

const RULES: readonly { readonly isWrong: (name: string) => boolean; readonly why: string }[] = [
  { isWrong: name => name === '', why: 'is empty' },
  {
    isWrong: name => name.length > LONGEST_INTERFACE_NAME,
    why: `has more than ${LONGEST_INTERFACE_NAME} characters, the most for an interface`,
  },
  { isWrong: name => !/^[\w.-]*$/.test(name), why: 'may contain letters, digits, dots, dashes and underscores alone' },
  { isWrong: name => name.startsWith('-'), why: 'begins with a dash, as an option does' },
  { isWrong: name => name === '.' || name === '..', why: 'names a directory' },
  {
    isWrong: name => name === 'all' || name === 'default',
    why: 'is reserved by the kernel for settings of interfaces',
  },
  { isWrong: name => name === 'lo', why: 'is the loopback interface, which is there already' },
  { isWrong: isKeyword, why: 'is a keyword of ip(8)' },
]

/** Why the kernel, or iproute2, does not take a name for an interface that is made; undefined where they do. */
export const wrongInterfaceName = (name: string): string | undefined => RULES.find(({ isWrong }) => isWrong(name))?.why
