import type { Cluster, RunningCluster } from '../cluster/cluster.ts'
import type { Emit } from '../events/events.ts'

/** A cluster that is left running, and its test. */
export interface LeftCluster extends Pick<RunningCluster, 'name'> {
  readonly test: string
}

/** Retains the cluster of the last failed test while others run, and stops the one before it. */
export class HeldCluster {
  readonly #emit: Emit
  #held: { readonly cluster: RunningCluster; readonly test: string } | undefined

  constructor(emit: Emit) {
    this.#emit = emit
  }

  get isThere(): boolean {
    return this.#held !== undefined
  }

  async hold(cluster: RunningCluster, test: string): Promise<void> {
    await this.stop()
    this.#held = { cluster, test }
  }

  /** Stops the cluster if the next one does not fit beside it. */
  async makeRoomFor({ exclusive }: Cluster): Promise<void> {
    if (exclusive !== undefined) await this.stop(exclusive)
  }

  /** @param why reported to the user, who expects to find the cluster running */
  async stop(why?: string): Promise<void> {
    const held = this.#held
    this.#held = undefined
    if (!held) return
    if (why) this.#emit({ type: 'notice', text: `the cluster of ${held.test}, which failed, is stopped: ${why}` })
    await held.cluster.stop()
  }

  /** Leaves the cluster running. */
  async keep(): Promise<LeftCluster | undefined> {
    const held = this.#held
    this.#held = undefined
    if (!held) return undefined
    await held.cluster.keep()
    return { name: held.cluster.name, test: held.test }
  }
}
