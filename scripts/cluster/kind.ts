import type { Consoles } from '../consoles/follow.ts'
import type { Failure } from '../errors/failure.ts'
import type { Emit } from '../events/events.ts'
import type { Environment } from '../host/environment.ts'
import type { Guest } from '../settings/guest.ts'
import type { NodePlan } from '../settings/nodes.ts'
import type { AcceleratorChoice, Directories, Settings } from '../settings/settings.ts'
import type { Connection } from '../ssh/connection.ts'
import type { Node } from '../ssh/node.ts'
import type { Cluster } from './cluster.ts'

/**
 * A kind of cluster, with its own folder and an entry in kinds.ts. Code outside of its folder uses only this interface.
 */
export interface ClusterKind {
  /** The name for `--cluster` and in JSON. */
  readonly name: string
  /** Other names for `--cluster`. */
  readonly aliases: readonly string[]
  /** Shown in the help of `--cluster`. */
  readonly summary: string
  /** Whether this kind is the default. The first kind in the registry is used when no kind is. */
  isDefault(environment: Environment): boolean
  /** Whether it accepts options and variables that are unknown to this program, and passes them on. */
  readonly acceptsUnknownOptions: boolean
  /** Loads the operations lazily: `--help`, for example, does not need them. */
  load(): Promise<ClusterOperations>
}

/** Operations on the clusters of a kind. */
export interface ClusterOperations {
  /**
   * Resolves the settings of a test on a cluster of this kind.
   * @throws Failure naming the option or variable (exit 2), or one of the kind
   */
  resolve(request: SettingsRequest): Promise<ResolvedCluster>
  /** This user's clusters, running or abandoned. */
  list(environment: Environment): Promise<readonly ClusterStatus[]>
  /** Names for `--name`; empty when the kind has a single cluster without a name. */
  names(environment: Environment): readonly string[]
  /** Names of the nodes of a cluster; empty when it is not running. */
  nodes(query: ClusterQuery): Promise<readonly string[]>
  /**
   * Logs in on a node of a running cluster.
   * @param target name of the node, or of a POD or namespace in it
   * @throws Failure NO_CLUSTER (exit 3), NO_SUCH_NODE (exit 2), SSH_REFUSED (exit 4); the signal's reason
   */
  enter(target: string, query: ClusterQuery): Promise<Node>
  /** @throws Failure NO_CLUSTER (exit 3), or one of the settings */
  consoles(query: ClusterQuery): Promise<ClusterConsoles>
  /**
   * Stops a cluster and removes everything that belongs to it.
   * @throws Failure NO_CLUSTER (exit 3) when it is not running, unless only abandoned clusters are to be stopped
   */
  stop(request: StopRequest): Promise<void>
  /** Stops all clusters of this kind that this program started. */
  stopAll(request: StopRequest): Promise<void>
  /** Adds and removes nodes of a running cluster; undefined when the kind does not support it. */
  readonly scaling?: Scaling
  /** Called by `setup` once the host has all packages; undefined when nothing else is needed. */
  preparation?(): Promise<Preparation>
}

/** Changes the nodes of a cluster that was left running; the others keep running. */
export interface Scaling {
  /**
   * @param plans of the new nodes
   * @throws Failure NODE_EXISTS (exit 2), NO_CLUSTER, CLUSTER_IN_USE, NO_MEMORY (exit 3), or exit 4 when a node does
   *   not come up: the new nodes are stopped then
   */
  add(settings: Settings, plans: readonly NodePlan[], emit: Emit, signal: AbortSignal): Promise<void>
  /** @throws Failure NO_SUCH_NODE (exit 2), NO_CLUSTER, CLUSTER_IN_USE (exit 3) */
  remove(settings: Settings, numbers: readonly number[]): Promise<void>
}

/** Sources of the settings of a test. */
export interface SettingsRequest {
  readonly options: Environment
  readonly environment: Environment
  /** Defaults of the test. */
  readonly test: Environment
  /** Values that the test requires; the user cannot change them. */
  readonly forced?: Environment
  /** Random values of the run, used where nothing else sets a value. */
  readonly drawn?: Environment
  /** Debian packages that the test needs on the nodes. */
  readonly packages?: readonly string[]
  /** Defaults that override those of the program, for kinds without defaults of their own. */
  readonly fallback?: Environment
  /** Called with lines of other programs that are not settings. */
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
}

/** A cluster and its settings. */
export interface ResolvedCluster {
  readonly settings: Settings
  readonly cluster: Cluster
  /**
   * Logs in on all nodes of the running cluster.
   * @throws Failure NO_CLUSTER (exit 3), SSH_REFUSED (exit 4)
   */
  logInOnAll(signal: AbortSignal): Promise<readonly Node[]>
}

/** Selects a running cluster of a kind. */
export interface ClusterQuery {
  /** Options, under the names of their variables: `__name`. */
  readonly options: Environment
  readonly environment: Environment
  /** The command that uses a node, such as `shell vm-001`: `test` does not replace the cluster meanwhile. */
  readonly use?: string
  readonly signal: AbortSignal
}

export interface StopRequest extends ClusterQuery {
  /** `abandoned`: only clusters whose owner has ended. */
  readonly which: 'any' | 'abandoned'
  /** Called with a line for each stopped cluster. */
  readonly onLine: (line: string) => void
}

/**
 * `in use`: its owner is running. `kept`: left running on purpose. `abandoned`: its owner died, or the host was
 * restarted. `on another host`: belongs to a host or container that shares this home directory, and must not be
 * touched. `running`: not started by this program.
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
    /** False when it has ended. */
    readonly running?: boolean
  }[]
  readonly processes: readonly number[]
}

/** The consoles of a cluster, with a way to detect the end of a node. */
export interface ClusterConsoles extends Consoles {
  /**
   * Logs in on a node.
   * @returns undefined when the node is not up yet
   * @throws Failure (exit 4) when nothing accepts connections
   */
  logIn(node: string): Promise<Connection | undefined>
  /** The directory where users of the cluster are recorded. */
  readonly usersDirectory: string
}

/** Requirements of a cluster kind on a host, besides packages. */
export interface Preparation {
  /** Creates missing parts, and reports all of them. */
  make(request: PreparationRequest): Promise<void>
  /**
   * Reports the parts; starts no guest and writes nothing.
   * @returns a failure when a part is missing
   */
  check(request: PreparationRequest): Promise<Failure | undefined>
  /** Whether this host can run clusters of the kind, and how. Starts no guest. */
  ability(request: Pick<PreparationRequest, 'directories'>): ClusterAbility
  /** The image of the nodes, if the kind has one and it is built. */
  image?(request: Pick<PreparationRequest, 'directories' | 'guest' | 'onLine'>): Promise<ImageFacts | undefined>
}

/** Whether a host can run clusters of a kind, as `setup --check` prints it. */
export interface ClusterAbility {
  readonly kind: string
  readonly works: boolean
  /** Why not, or how fast. */
  readonly how: string
}

/** The image of the nodes, as `image --json` prints it. */
export interface ImageFacts {
  readonly release: string
  readonly architecture: string
  readonly snapshot?: string
  /** Version of its kernel. */
  readonly kernel: string
  /** ISO 8601 */
  readonly built: string
  readonly bytes: number
  /** In the cache. */
  readonly key: string
  readonly directory: string
  /** Version of each package, by name. */
  readonly packages: Readonly<Record<string, string>>
  readonly programs: readonly string[]
  readonly modules: readonly string[]
}

export interface PreparationRequest {
  readonly directories: Directories
  readonly accelerator: AcceleratorChoice
  /** The image to build. */
  readonly guest: Guest
  /** Others that are built, too. */
  readonly otherGuests: readonly Guest[]
  /** Rebuild existing parts. */
  readonly refresh: boolean
  /** The command that creates missing parts, for messages. */
  readonly remedy: string
  readonly onLine: (line: string) => void
  readonly signal?: AbortSignal
}
