/**
 * Defaults, limits and paths of `netns_test` that the host needs, too. The shell has its own definitions;
 * tests/netns_test/facts.test.ts compares both.
 */

export const POD_DEFAULTS = {
  NPODS: 4,
  ADRTEMPLATE: '172.16.0.0/16/24',
  PODIF: 'eth0',
  PREFIX: '1000::1',
} as const

/** Limit of PODs per node: host numbers of the default template, without network and broadcast address. */
export const MOST_PODS = 254

/** Host number of the external side in the tests with two bridges. */
export const EXTERNAL_HOST = 100

/** Kinds of interface that a kernel may not support. */
export const LINK_KINDS = ['ipvlan', 'macvlan', 'vlan', 'vrf', 'vxlan', 'ip6tnl'] as const

export const POD_DIRECTORIES = { net: '/var/run/netns', uts: '/var/run/utsns' } as const
