import type { Consoles } from '../consoles/follow.ts'
import type { Failure } from '../errors/failure.ts'
import type { Emit } from '../events/events.ts'
import type { Environment } from '../host/environment.ts'
import type { NodePlan } from '../settings/nodes.ts'
import type { AcceleratorChoice, Directories, Settings } from '../settings/settings.ts'
import type { Connection } from '../ssh/connection.ts'
import type { Node } from '../ssh/node.ts'
import type { Cluster } from './cluster.ts'

/**
 * A kind of cluster. Each has a folder of its own, and a line in kinds.ts; nothing outside of its folder knows more of it than this.
 */
export interface ClusterKind {
  /** `--cluster <name>`, and what JSON for programs calls it. */
  readonly name: string
  /** Other words for it. */
  readonly aliases: readonly string[]
  /** For the help of `--cluster`. */
  readonly summary: string
  /** Whether this kind is used where `--cluster` does not choose one. The first kind in the registry needs no such rule. */
  isUsual(environment: Environment): boolean
  /** Takes options and variables that this program does not know, and passes them on. */
  readonly takesAnyOption: boolean
  /** Loads what the kind does: help, for one, needs nothing of it. */
  load(): Promise<ClusterOperations>
}

/** What can be done with the clusters of a kind. */
export interface ClusterOperations {
  /**
   * Finds the settings of a test on a cluster of this kind.
   * @throws Failure that names the option or variable (exit 2), and of the kind
   */
  resolve(request: SettingsRequest): Promise<ResolvedCluster>
  /** This user's clusters, running or abandoned. */
  list(environment: Environment): Promise<readonly ClusterStatus[]>
  /** Names that `--name` can choose; none where a kind has one cluster without a name. */
  names(environment: Environment): readonly string[]
  /** The nodes of a running cluster, by name; none where it does not run. */
  nodes(query: ClusterQuery): Promise<readonly string[]>
  /**
   * Logs in on a node of a running cluster.
   * @param target the node's name, or that of a POD or namespace in it
   * @throws Failure NO_CLUSTER (exit 3), NO_SUCH_NODE (exit 2), SSH_REFUSED (exit 4); the signal's reason
   */
  enter(target: string, query: ClusterQuery): Promise<Node>
  /** @throws Failure NO_CLUSTER (exit 3), and of the settings */
  consoles(query: ClusterQuery): Promise<ClusterConsoles>
  /**
   * Ends a cluster and removes what belongs to it.
   * @throws Failure NO_CLUSTER (exit 3) where it does not run, unless only an abandoned one is to be stopped
   */
  stop(request: StopRequest): Promise<void>
  /** Ends all clusters of this kind that this program started. */
  stopAll(request: StopRequest): Promise<void>
  /** Adding and removing nodes of a running cluster; missing where that cannot be done. */
  readonly scaling?: Scaling
  /** What `setup` does for this kind once the host has all packages; missing where that is nothing. */
  preparation?(): Promise<Preparation>
}

/** Changes the nodes of a cluster that was left running; the others run on. */
export interface Scaling {
  /**
   * @param plans of the new nodes
   * @throws Failure NODE_EXISTS (exit 2), NO_CLUSTER, CLUSTER_IN_USE, NO_MEMORY (exit 3), or that a node does not come up (exit 4): the
   *   new ones are ended then
   */
  add(settings: Settings, plans: readonly NodePlan[], emit: Emit, signal: AbortSignal): Promise<void>
  /** @throws Failure NO_SUCH_NODE (exit 2), NO_CLUSTER, CLUSTER_IN_USE (exit 3) */
  remove(settings: Settings, numbers: readonly number[]): Promise<void>
}

/** What the settings of a test come from. */
export interface SettingsRequest {
  readonly options: Environment
  readonly environment: Environment
  /** What the test asks for. */
  readonly test: Environment
  /** What the test insists on. */
  readonly forced?: Environment
  /** What was drawn for the run: counts where nobody says anything. */
  readonly drawn?: Environment
  /** Defaults that win over those of the program, for kinds that read no others. */
  readonly fallback?: Environment
  /** Gets what other programs print that is no setting. */
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
}

/** A cluster with the settings for which it is described. */
export interface ResolvedCluster {
  readonly settings: Settings
  readonly cluster: Cluster
  /**
   * Logs in on all nodes of the one that runs.
   * @throws Failure NO_CLUSTER (exit 3), SSH_REFUSED (exit 4)
   */
  logInOnAll(signal: AbortSignal): Promise<readonly Node[]>
}

/** Which running cluster of a kind is meant. */
export interface ClusterQuery {
  /** Under the names of their variables: `__name`. */
  readonly options: Environment
  readonly environment: Environment
  /** For what a node is used, as in `shell vm-001`: then `test` does not replace its cluster meanwhile. */
  readonly use?: string
  readonly signal: AbortSignal
}

export interface StopRequest extends ClusterQuery {
  /** `abandoned`: only those whose owner is gone. */
  readonly which: 'any' | 'abandoned'
  /** Gets a line for each cluster that was stopped. */
  readonly onLine: (line: string) => void
}

/**
 * `in use`: its owner lives. `kept`: left running on purpose. `abandoned`: its owner died, or the host was restarted. `on another host`:
 * of a host or container that shares this home; it is not ours to judge or to touch. `running`: not started by this program.
 */
export type Condition = 'in use' | 'kept' | 'abandoned' | 'on another host' | 'running'

/** A cluster as `status --json` shows it. */
export interface ClusterStatus {
  /** The name of its kind. */
  readonly kind: string
  readonly name: string
  readonly condition: Condition
  /** ISO 8601 */
  readonly created: string | undefined
  readonly host: string | undefined
  /** The process that runs tests on it. */
  readonly owner: number | undefined
  readonly nodes: readonly {
    readonly name: string
    readonly number: number
    /** False for one that has ended. */
    readonly running?: boolean
  }[]
  readonly processes: readonly number[]
}

/** The consoles of a cluster, and how the end of a node is noticed. */
export interface ClusterConsoles extends Consoles {
  /**
   * Logs in on a node.
   * @returns undefined for one that is not up yet
   * @throws Failure (exit 4) when nothing answers
   */
  logIn(node: string): Promise<Connection | undefined>
  /** Where those who use the cluster are recorded. */
  readonly usersDirectory: string
}

/** What a kind needs on a host besides packages. */
export interface Preparation {
  /** @throws Failure UNSUPPORTED_HOST (exit 3) where no package would help */
  checkHost(): void
  /** Makes what is missing, and says what there is. */
  make(request: PreparationRequest): Promise<void>
  /**
   * Says what there is; runs and writes nothing.
   * @returns what is missing
   */
  check(request: PreparationRequest): Promise<Failure | undefined>
}

export interface PreparationRequest {
  readonly directories: Directories
  readonly accelerator: AcceleratorChoice
  /** Make anew what is there. */
  readonly refresh: boolean
  /** The command that makes what is missing, for messages. */
  readonly remedy: string
  readonly onLine: (line: string) => void
  readonly signal?: AbortSignal
}
