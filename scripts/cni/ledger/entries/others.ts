import type { Entry } from '../entry.ts'

const lines = (text: string): readonly string[] => text.split('\n').filter(line => line.trim() !== '')

/** Counters, and settings that the kernel draws at random. */
const VOLATILE = /(?:_count|\/stable_secret|\/fib_multipath_hash_seed|\/tcp_fastopen_key|\/flush|_n_learned)$/
const DEVICE = /^ipv[46]\/(?:conf|neigh)\/([^/]+)\//

/** Settings below /proc/sys/net. */
export const sysctlEntries = (text: string): readonly Entry[] =>
  lines(text).flatMap(line => {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    if (colon < 0 || VOLATILE.test(name)) return []
    const [, device] = DEVICE.exec(name) ?? []
    const isOfDevice = device !== undefined && device !== 'all' && device !== 'default'
    return [
      {
        kind: 'sysctl' as const,
        name: `net.${name.replaceAll('/', '.')}`,
        facts: { value: line.slice(colon + 1).replaceAll('\t', ' ') },
        device: isOfDevice ? device : undefined,
      },
    ]
  })

/** A line of tc without handles that the kernel chooses, and without reference counts. */
const plain = (line: string): string =>
  line
    .replace(/ (?:parent )?8[\da-f]{3}:(?=\s)/g, ' auto:')
    .replace(/ refcnt \d+/, '')
    .replace(/ (?:in_hw|not_in_hw)\b/, '')
    .trimEnd()

/** Without the kernel's own, whose handle is 0. */
export const qdiscEntries = (text: string): readonly Entry[] =>
  lines(text).flatMap(line => {
    const [, device] = / dev (\S+)/.exec(line) ?? []
    return / 0: dev /.test(line) ? [] : [{ kind: 'tc' as const, name: plain(line), facts: {}, device }]
  })

export const filterEntries = (device: string, text: string): readonly Entry[] =>
  lines(text).map(line => ({ kind: 'tc' as const, name: `${plain(line.trim())} dev ${device}`, facts: {}, device }))

/** host-local's cursor: the last address that it assigned. */
const CURSOR = /\/last_reserved_ip\.[^/]*$/

/** Files of plugins by their digests, and other kinds of files. */
export const fileEntries = (hashes: string, others: string): readonly Entry[] => [
  ...lines(hashes).flatMap(line => {
    const [, hash = '', name = ''] = /^\\?([\da-f]{64}) {2}(.*)$/.exec(line) ?? []
    return name && !CURSOR.test(name) ? [{ kind: 'file' as const, name, facts: { content: hash.slice(0, 12) } }] : []
  }),
  ...lines(others).map(name => ({ kind: 'file' as const, name, facts: { type: 'no regular file' } })),
]

/** Mounts. */
export const mountEntries = (text: string): readonly Entry[] =>
  lines(text).map(line => {
    const [left = '', right = ''] = line.split(' - ')
    const [, , , root = '', point = '', options = ''] = left.split(' ')
    const [type = '', source = ''] = right.split(' ')
    // The root of a namespace's mount is its number.
    const facts = { type, source, root: type === 'nsfs' ? root.replace(/\d+/, '…') : root, options }
    return { kind: 'mount' as const, name: point, facts }
  })

/**
 * Named namespaces, and those that only processes hold. Processes with other mounts belong to another
 * sandbox.
 */
export function namespaceEntries(named: string, own: string, processes: string): readonly Entry[] {
  const names = inodesOf(named)
  const [net, mounts] = ['net', 'mnt'].map(kind => inodesOf(own).get(`/proc/self/ns/${kind}`))
  const all = inodesOf(processes)
  const held = [...all]
    .filter(([file]) => file.endsWith('/net') && all.get(file.replace(/net$/, 'mnt')) === mounts)
    .map(([, inode]) => inode)
    .filter(inode => inode !== net && ![...names.values()].includes(inode))
  return [
    ...[...names.keys()].map(file => ({ kind: 'namespace' as const, name: file.split('/').at(-1) ?? '', facts: {} })),
    ...[...new Set(held)].map((_, index) => ({
      kind: 'namespace' as const,
      name: `held by processes only, ${index + 1}`,
      facts: {},
    })),
  ]
}

/** From the output of stat: inodes by file. */
const inodesOf = (text: string): ReadonlyMap<string, string> =>
  new Map(lines(text).map(line => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]))
