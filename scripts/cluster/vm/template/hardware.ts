import type { NodePlan } from '../../../settings/nodes.ts'

/** What a template must have in common with its clones, besides all that the whole cluster has. */
export interface Hardware {
  readonly memoryMiB: number
  readonly cpus: number
  readonly interfaces: number
}

export const hardwareOf = ({ memoryMiB, cpus, nets }: NodePlan): Hardware => ({
  memoryMiB,
  cpus,
  interfaces: nets.length,
})
