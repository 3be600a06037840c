import type { BuiltInStep, NodeStep } from '../../cases/steps.ts'
import type { PodNetwork } from './network.ts'

/**
 * Steps that connect the PODs of all workers by a CNI plugin, and ping the addresses that it assigned:
 * `cni_<type>_configure`, `cni_<type>_start` and `cni_<type>_ping`. They leave the files of `netns_test
 * cni_bridge_start`.
 */
export const cniSteps = (network: PodNetwork): readonly (NodeStep | BuiltInStep)[] => [
  {
    name: `cni_${network.plugin.type}_configure`,
    title: network.titles.configure,
    runOnNode: async node => (await import('./configure.ts')).configure(node, network),
  },
  {
    name: `cni_${network.plugin.type}_start`,
    title: network.titles.start,
    runOnNode: async node => (await import('./start.ts')).start(node, network.plugin.type),
  },
  { name: `cni_${network.plugin.type}_ping`, tcase: 'cni_ping' },
]
