/**
 * What the host knows about `netns_test` besides its output: its defaults, limits and places. The shell has them where it needs
 * them; tests/netns_test/facts.test.ts compares both.
 */

/** Variables of PODs where nobody sets them. */
export const POD_DEFAULTS = {
  NPODS: 4,
  ADRTEMPLATE: '172.16.0.0/16/24',
  PODIF: 'eth0',
  PREFIX: '1000::1',
} as const

/** Most PODs that a node can hold: host numbers of the default template, less the network's and the broadcast's. */
export const MOST_PODS = 254

/** Host number of what is outside of two bridges. */
export const EXTERNAL_HOST = 100

/** Kinds of interface that a kernel may lack. */
export const LINK_KINDS = ['ipvlan', 'macvlan', 'vlan', 'vxlan', 'ip6tnl'] as const

/** Directories in which PODs' namespaces are mounted. */
export const POD_DIRECTORIES = { net: '/var/run/netns', uts: '/var/run/utsns' } as const
