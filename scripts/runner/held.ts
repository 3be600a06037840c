import type { Cluster, RunningCluster } from '../cluster/cluster.ts'
import type { Emit } from '../events/events.ts'

/** A cluster that is left running, and the test whose it was. */
export interface LeftCluster extends Pick<RunningCluster, 'name'> {
  readonly test: string
}

/** Keeps the cluster of the last test that failed while others run; an earlier one is stopped for it. */
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

  /** Makes room for the next cluster, where that cannot run beside this one. */
  async makeRoomFor({ exclusive }: Cluster): Promise<void> {
    if (exclusive !== undefined) await this.stop(exclusive)
  }

  /** @param why said to the user, who would have found it running otherwise */
  async stop(why?: string): Promise<void> {
    const held = this.#held
    this.#held = undefined
    if (!held) return
    if (why) this.#emit({ type: 'notice', text: `the cluster of ${held.test}, which failed, is stopped: ${why}` })
    await held.cluster.stop()
  }

  /** Leaves it running. */
  async keep(): Promise<LeftCluster | undefined> {
    const held = this.#held
    this.#held = undefined
    if (!held) return undefined
    await held.cluster.keep()
    return { name: held.cluster.name, test: held.test }
  }
}
