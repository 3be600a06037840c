import type { Emit } from '../events/events.ts'
import type { Node } from '../ssh/node.ts'

/** An ovl to be unpacked on every VM: packed by its own executable `tar`, as xcluster does it. */
export interface OvlDirectory {
  readonly name: string
  /** Absolute; holds `tar`. */
  readonly directory: string
}

/** What a start needs besides the settings with which the cluster was made. */
export interface StartRequest {
  /** The test for which it is started. */
  readonly test: string
  /** Ovls beside netns itself; later ones win where they have the same file. */
  readonly extraOvls: readonly OvlDirectory[]
  /** How many nodes may join later. */
  readonly spare?: number
  /** A cluster of this name runs and is to go on: this one gets a name beside it, and takes over the name when it is kept. */
  readonly beside?: boolean
  /** What the test takes of the kernel, for kinds of clusters that have the host's. */
  readonly kernel?: KernelNeeds
  readonly emit: Emit
  /** Aborted when the person or the system wants the run to end. */
  readonly signal: AbortSignal
}

/** What a test takes of a kernel that others use as well. */
export interface KernelNeeds {
  /** Kinds of interface. */
  readonly kinds: readonly string[]
  /** Neighbour entries of each family that PODs and their nodes have at once. */
  readonly neighbours: number
}

/**
 * A cluster that is described and not started. The life cycle is in the types: only a {@link RunningCluster} has
 * nodes, and after `keep` or `stop` of that there is nothing left to call.
 */
export interface Cluster {
  /** What a person calls this kind: `embedded`, `xcluster`. */
  readonly kind: string
  /** Why it cannot run beside another cluster; missing where it can. */
  readonly exclusive?: string
  /**
   * Starts the VMs and logs in on each.
   * @throws Failure when they do not come up; nothing is left behind then
   */
  start(request: StartRequest): Promise<RunningCluster>
  /**
   * Logs in on the VMs of the cluster that runs already.
   * @throws Failure NO_CLUSTER (exit 3) when there is none
   */
  attach(request: StartRequest): Promise<RunningCluster>
}

/** A cluster whose nodes answer. Exactly one of `keep` and `stop` ends our part in it. */
export interface RunningCluster {
  /** After `keep` it may be another one: {@link StartRequest.beside}. */
  readonly name: string
  /** In the order of their numbers. */
  readonly nodes: readonly Node[]
  /**
   * Leaves the VMs running.
   * @throws Failure (exit 4) when they cannot be found again; they are ended then
   */
  keep(): Promise<void>
  /**
   * Says whether what the tests ran on is still whole: a verdict counts only then.
   * @throws Failure CLUSTER_BROKEN or CLUSTER_DAMAGED (exit 4)
   */
  verify(): Promise<void>
  /** Ends the VMs and removes what belongs to them. */
  stop(): Promise<void>
  /** All that a node wrote on its console. */
  console(node: Node): Promise<string>
  /** What is known of a node that does not answer any more. */
  diagnose(node: Node): Promise<NodeDiagnosis>
}

export interface NodeDiagnosis {
  /** It has ended, and does not answer any more. */
  readonly gone: boolean
  /** `its QEMU was ended by SIGKILL` */
  readonly how: string
  /** The last lines of its console. */
  readonly console: readonly string[]
}
