import type { Emit } from '../events/events.ts'
import type { OvlDirectory } from '../settings/ovl-directory.ts'
import type { Node } from '../ssh/node.ts'

export type { OvlDirectory }

/** Parameters of a start, besides the settings of the cluster. */
export interface StartRequest {
  /** The test for which it is started. */
  readonly test: string
  /** Ovls besides netns itself; the last one with a file wins. */
  readonly extraOvls: readonly OvlDirectory[]
  /** The number of nodes that may join later. */
  readonly spare?: number
  /**
   * Leave a running cluster of the same name running: the new one gets another name, and takes over this one in `keep`.
   */
  readonly beside?: boolean
  /** Kernel features that the test needs, for cluster kinds that share the host's kernel. */
  readonly kernel?: KernelNeeds
  readonly emit: Emit
  /** Aborted when the user or the system ends the run. */
  readonly signal: AbortSignal
}

export type PrepareRequest = Pick<StartRequest, 'emit' | 'signal'>

/** Features and resources of a shared kernel that a test needs. */
export interface KernelNeeds {
  /** Interface kinds, as in `ip link add type`. */
  readonly kinds: readonly string[]
  readonly neighbors: NeighborNeeds
}

/** Neighbor entries that PODs and nodes have at the same time, for each address family. */
export interface NeighborNeeds {
  /** If all are kept. */
  readonly kept: number
  /** If a node's PODs drop theirs as soon as they have pinged. */
  readonly flushed: number
  /** The test passes by answers alone, which a full table can delay but not forge. */
  readonly mayRetry: boolean
}

/**
 * A cluster that is not started. Only a {@link RunningCluster} has nodes, and it must not be used after its `keep` or
 * `stop`.
 */
export interface Cluster {
  /** The kind's name for the user: `embedded`, `xcluster`. */
  readonly kind: string
  /** Why it cannot run beside another cluster; undefined when it can. */
  readonly exclusive?: string
  /**
   * Downloads and builds what the nodes need, so that mistakes in the settings are reported before any test runs.
   * @throws Failure of the image
   */
  prepare?(request: PrepareRequest): Promise<void>
  /**
   * Starts the nodes and logs in on each.
   * @throws Failure when a node does not come up; everything is removed then
   */
  start(request: StartRequest): Promise<RunningCluster>
  /**
   * Logs in on the nodes of the running cluster.
   * @throws Failure NO_CLUSTER (exit 3) when none is running
   */
  attach(request: StartRequest): Promise<RunningCluster>
}

/** A cluster with a connection to each node. The caller must end with either `keep` or `stop`. */
export interface RunningCluster {
  /** May change in `keep`: {@link StartRequest.beside}. */
  readonly name: string
  /** Sorted by number. */
  readonly nodes: readonly Node[]
  /** Whether PODs must drop their neighbor entries as soon as they have pinged, because the kernel has too few. */
  readonly flushesNeighbors?: boolean
  /**
   * Leaves the cluster running.
   * @throws Failure (exit 4) when it could not be found again; it is stopped then
   */
  keep(): Promise<void>
  /**
   * Checks that the cluster is still intact: test results are valid only then.
   * @param passedByAnswers every pair of the proof answered: lost packets cannot have caused that
   * @throws Failure CLUSTER_BROKEN or CLUSTER_DAMAGED (exit 4)
   */
  verify(passedByAnswers?: boolean): Promise<void>
  /** Stops the nodes and removes everything that belongs to the cluster. */
  stop(): Promise<void>
  /** The console output of a node. */
  console(node: Node): Promise<string>
  /** Finds out why a node does not respond any more. */
  diagnose(node: Node): Promise<NodeDiagnosis>
}

export interface NodeDiagnosis {
  /** Whether it has ended. */
  readonly gone: boolean
  /** `its QEMU was ended by SIGKILL` */
  readonly how: string
  /** The last lines of its console. */
  readonly console: readonly string[]
}
