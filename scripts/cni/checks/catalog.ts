import type { Level } from '../../events/conformance.ts'

/** A requirement on plugins. */
export interface Requirement {
  readonly level: Level
  /** Section of the CNI specification 1.1.0, or `CONVENTIONS`. */
  readonly section: string
  /** What a conforming plugin does; completes "The plugin …". */
  readonly expects: string
}

const must = (section: string, expects: string) => ({ level: 'MUST', section, expects }) as const
const should = (section: string, expects: string) => ({ level: 'SHOULD', section, expects }) as const

/**
 * The conformance checks by name. A name begins with the operation, for `--only 'DEL*'`; reports and comparisons
 * identify a check by its name.
 */
export const CATALOG = {
  'VERSION echoes cniVersion': must('5', 'answers with the cniVersion of its input'),
  'VERSION lists supported versions': must('5', 'lists its versions in supportedVersions'),

  'COMMAND missing': must('5', 'answers with code 4 and names CNI_COMMAND'),
  'COMMAND unknown': must('5', 'answers with code 4 and names CNI_COMMAND'),
  'ADD without CNI_CONTAINERID': must('5', 'answers with code 4 and names CNI_CONTAINERID'),
  'ADD without CNI_NETNS': must('5', 'answers with code 4 and names CNI_NETNS'),
  'ADD without CNI_IFNAME': must('5', 'answers with code 4 and names CNI_IFNAME'),
  'ADD with an invalid CNI_CONTAINERID': must('5', 'answers with code 4 and names CNI_CONTAINERID'),
  'ADD with an invalid CNI_IFNAME': must('5', 'answers with code 4 and names CNI_IFNAME'),
  'ADD with broken JSON': must('5', 'answers with code 6'),
  'ADD without a network name': must('5', 'answers with code 7'),
  'ADD with an unknown field': must('5', 'accepts it, or answers with code 2 and names the key and its value'),
  'ADD with an unsupported cniVersion': must('2', 'fails'),
  'ADD with an unsupported cniVersion: code 1': should('5', 'answers with code 1'),

  'ADD succeeds': must('2', 'exits with status 0 and prints a valid result'),
  'ADD returns cniVersion': must('5', 'answers with the cniVersion of its input'),
  'ADD returns the sandbox': must('5', 'gives interfaces in the container the sandbox CNI_NETNS'),
  'ADD returns valid interface indexes': must('5', 'gives each address the index of an interface in its result'),
  'ADD returns the interfaces of the kernel': must('5', 'returns interfaces that exist, with their MAC addresses'),
  'ADD returns the addresses of the kernel': must('5', 'returns the addresses that the interfaces have'),
  'ADD returns the routes of the kernel': must('5', 'returns routes that the container has'),
  'ADD sets the MTU': must('5', 'gives the interface the MTU of the configuration and of the result'),
  'ADD with an existing ifname': must('2', 'fails when the container already has the interface CNI_IFNAME'),
  'ADD with an existing ifname: the first attachment stays': should('2', 'leaves the first attachment unchanged'),
  'ADD passes on prevResult': must('5', 'returns prevResult, possibly modified'),
  'ADD when IPAM fails': must('4', 'fails when its IPAM plugin fails'),
  'ADD when IPAM fails: leaves nothing': should('4', 'removes what it created before its IPAM plugin failed'),
  'ADD with an exhausted pool: leaves nothing': should('4', 'fails, and removes what it created'),
  'ADD in parallel': must('3', 'succeeds for all of several containers at once'),
  'ADD in parallel: unique addresses': must('3', 'gives each of several containers at once addresses of its own'),

  'CHECK after ADD': must('2', 'succeeds right after ADD'),
  'CHECK after changed routes': must('2', 'succeeds after a later plugin of the chain changed routes'),
  'CHECK without the interface': should('2', 'fails when the interface is gone'),
  'CHECK without an address': should('2', 'fails when an address is gone'),
  'CHECK without a route': should('2', 'fails when a route is gone'),
  'CHECK without a firewall rule': should('2', 'fails when its firewall rules are gone'),
  'CHECK without the shaping': should('2', 'fails when its traffic shaping is gone'),
  'CHECK without the IPAM reservation': should('2', 'fails when the reservation of the address is gone'),
  'CHECK calls IPAM': must('4', 'calls its IPAM plugin'),
  'CHECK returns the error of IPAM': should('4', 'fails when its IPAM plugin fails'),

  'DEL after ADD': must('2', 'succeeds'),
  'DEL removes the interface': should('2', 'removes the interface from the container'),
  'DEL leaves nothing': should('3', 'leaves node and container as they were before ADD'),
  'DEL twice': must('2', 'succeeds a second time'),
  'DEL after the netns is gone': should('2', 'succeeds, and frees the address'),
  'DEL with an empty CNI_NETNS': should('2', 'succeeds, and frees the address'),
  'DEL without the master interface': should('2', 'succeeds when the master interface is gone, and frees the address'),
  'DEL with an empty prevResult': should('2', 'succeeds'),
  'DEL after a failed ADD': should('2', 'succeeds'),
  'DEL after a failed ADD: leaves nothing': should('3', 'leaves node and container as they were before ADD'),
  'DEL calls IPAM': must('4', 'calls its IPAM plugin'),
  'DEL returns the error of IPAM': should('4', 'fails when its IPAM plugin fails'),

  'DEL after many ADDs: leaves nothing': should('3', 'leaves nothing of several attachments, one after the other'),
  'DEL after a killed ADD: leaves nothing': should('3', 'removes what an ADD created that was killed at any moment'),
  'DEL after the netns is gone: leaves nothing': should('2', 'removes everything without the container'),
  'DEL after a reboot: leaves nothing': should('2', 'removes what is on disk when nothing else survived'),
  'DEL with an exhausted pool: leaves nothing': should(
    '3',
    'removes what an ADD created for which no address was free',
  ),
  'DEL in parallel: leaves nothing': should('3', 'leaves nothing of 50 attachments at once'),

  'GC frees stale reservations': should('2', 'frees the addresses of attachments that are not listed'),
  'GC keeps valid attachments': must('2', 'leaves listed attachments and their addresses unchanged'),
  'GC calls IPAM': must('2', 'calls its IPAM plugin'),
  'GC returns the error of IPAM': should('4', 'fails when its IPAM plugin fails'),
  'GC continues after an error': should('2', 'frees what it can when something fails, and then reports the error'),

  'STATUS when ready': must('2', 'succeeds'),
  'STATUS when IPAM is not ready': must('2', 'fails with code 50 or 51 when its IPAM plugin does'),
  'STATUS with an exhausted pool': should('2', 'fails when no address is free'),

  'ADD applies portMappings': must('CONVENTIONS', 'forwards the ports of the host'),
  'ADD applies bandwidth': must('CONVENTIONS', 'limits the rate of the traffic'),
  'ADD applies ips': must('CONVENTIONS', 'assigns the requested addresses'),
  'ADD applies mac': must('CONVENTIONS', 'assigns the requested MAC address'),
  'ADD applies ipRanges': must('CONVENTIONS', 'assigns addresses of the requested ranges'),
  'ADD applies dns': must('CONVENTIONS', 'returns the requested DNS servers'),
} as const satisfies Readonly<Record<string, Requirement>>

export type CheckName = keyof typeof CATALOG

export const CHECK_NAMES = Object.keys(CATALOG) as readonly CheckName[]
