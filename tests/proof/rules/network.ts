import type { NodeFacts } from '../../../scripts/proof/facts.ts'

/** PODs with an address of each family, as `vm-001-ns01 10.0.1.1`. */
export const network = (pods: readonly (readonly [node: number, pod: number, families?: readonly (4 | 6)[]])[]) =>
  [...new Set(pods.map(([node]) => node))].map(
    (node): NodeFacts => ({
      node: `vm-00${node}`,
      interfaces: [],
      routes: [],
      pods: pods
        .filter(([of]) => of === node)
        .map(([, pod, families = [4, 6]]) => ({
          name: `vm-00${node}-ns0${pod}`,
          routes: [],
          interfaces: [
            {
              ifname: 'eth0',
              ifindex: 2,
              flags: ['UP'],
              mtu: 1500,
              addr_info: families.map(family =>
                family === 4
                  ? { family: 'inet', local: `10.0.${node}.${pod}`, prefixlen: 24, scope: 'global' }
                  : { family: 'inet6', local: `fd00::${node}:${pod}`, prefixlen: 64, scope: 'global' },
              ),
            },
          ],
        })),
    }),
  )

export const FOUR = network([
  [1, 1],
  [1, 2],
  [2, 1],
  [2, 2],
])
