/** xcluster's scheme `00:00:00:01:<net>:<node>`, with a byte for each number. */
export const macAddress = (net: number, node: number): string =>
  ['00', '00', '00', '01', ...[net, node].map(byte => byte.toString(16).padStart(2, '0'))].join(':')

const SCHEME = /^00:00:00:01:([0-9a-f]{2}):[0-9a-f]{2}$/

/** The net of a node's interface, from its MAC address; undefined for an address of another scheme. */
export function netOfMac(address = ''): number | undefined {
  const [, net] = SCHEME.exec(address) ?? []
  return net === undefined ? undefined : Number.parseInt(net, 16)
}
