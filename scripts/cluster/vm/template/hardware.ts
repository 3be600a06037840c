import type { NodePlan } from '../../../settings/nodes.ts'

/** The hardware that a template and its clones must have in common, besides what the whole cluster shares. */
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
