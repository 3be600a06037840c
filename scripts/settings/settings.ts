import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { type Addressing, readAddressing } from './addressing.ts'
import type { Family } from './family.ts'
import { expandHome, findHome, noHome } from './home.ts'
import { type NodePlan, readNodes } from './nodes.ts'
import { type OvlNames, readOvlNames } from './ovl-names.ts'
import { type Packing, readPacking } from './packing.ts'
import { type RepeatPolicy, readRepeatPolicy } from './repeat-policy.ts'
import { callersLayers, type Layer, type Setting, Sources, saysCi } from './sources.ts'

export type AcceleratorChoice = 'auto' | 'kvm' | 'tcg'

/** When the cluster of a run outlives it; `usual`: after a failure, and after a test that only starts it. */
export type Keep = 'never' | 'usual' | 'always'

/** Everything that options and environment decide about a test, read once. */
export interface Settings {
  readonly cluster: {
    readonly name: string
    readonly nodes: readonly NodePlan[]
    readonly accelerator: AcceleratorChoice
    /** Boot every VM, and make no template. */
    readonly cold: boolean
    /** A set-up of networks and routers, by name. */
    readonly topology: string
    /** False: use the one that runs. */
    readonly start: boolean
    readonly keep: Keep
    /** End what runs under this name, whoever uses it. */
    readonly replace: boolean
  }
  readonly repeatPolicy: RepeatPolicy
  readonly addressing: Addressing
  /** In which the matrix is measured, and of which each POD must have an address. */
  readonly families: readonly Family[]
  /** What the VMs see in their environment, without xcluster's prefix. */
  readonly guestEnvironment: Readonly<Record<string, string>>
  /** How long the VMs may take to come up, and each step to end, in seconds. */
  readonly timeoutSeconds: number
  /** Where results are brought, if they are. */
  readonly resultsDirectory: string | undefined
  /** What is in the ovl netns. */
  readonly packing: Packing
  /** Directories in which ovls are looked for by name. */
  readonly ovlPath: readonly string[]
  readonly directories: Directories
  /** Ovls of every cluster, by $BASEOVLS and $XOVLS. */
  readonly ovlNames: OvlNames
  /** Every value above with where it came from. */
  readonly origins: readonly Setting[]
}

/** Where this program keeps things between runs. */
export interface Directories {
  /** What can be made again: the guest image. */
  readonly cache: string
  /** What runs: a directory for each cluster. */
  readonly state: string
}

const FAMILIES: readonly Family[] = [4, 6]

/** Becomes part of file names and of socket paths, whose length is limited. */
const CLUSTER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/

/** xcluster's convention: such a variable reaches the VMs, without the prefix. */
const GUEST_VARIABLE = /^xcluster_[A-Za-z_]\w*$/

/**
 * Seconds: the contract of xcluster for four VMs with four PODs; a hundred VMs on two cores take longer, in proportion, and so does the
 * matrix, which pings every POD from every other by both families (docs/performance.md).
 */
function usualTimeout(nodeCount: number, pods: number): number {
  const pairs = pods * (pods - 1) * 2
  return Math.min(MOST_SECONDS, Math.max(60, 5 * nodeCount, Math.ceil(pairs * SECONDS_A_PAIR)))
}
/** Nearly three times what two busy cores took that emulated a hundred VMs; what is tried again needs some of it. */
const SECONDS_A_PAIR = 0.008
const MOST_SECONDS = 86_400

/**
 * @param environment the caller's
 * @throws Failure BAD_VALUE (exit 2) for a name that is none
 */
export function readClusterName(options: Environment, environment: Environment): string {
  return clusterName(new Sources(callersLayers(options, environment)))
}

export const DEFAULT_CLUSTER_NAME = 'default'

const clusterName = (sources: Sources): string =>
  sources.checked('__name', DEFAULT_CLUSTER_NAME, 'letters, digits, dots, dashes, underscores, at most 32', value =>
    CLUSTER_NAME.test(value),
  )

/**
 * Where things are kept, by the XDG base directory rules (a relative path there is to be ignored).
 * @throws Failure NO_HOME (exit 3)
 */
export const readDirectories = (environment: Environment): Directories =>
  Object.freeze({
    cache: cacheDirectory(environment),
    state: baseDirectory('XDG_STATE_HOME', '.local/state', environment),
  })

/** The directory of what can be made again, for what can do without; undefined for a user without a home. */
export const findCache = (environment: Environment): string | undefined =>
  path.isAbsolute(environment.XDG_CACHE_HOME ?? '') || findHome(environment) ? cacheDirectory(environment) : undefined

const cacheDirectory = (environment: Environment) => baseDirectory('XDG_CACHE_HOME', '.cache', environment)

function baseDirectory(name: string, fallback: string, environment: Environment): string {
  const value = environment[name]
  if (value && path.isAbsolute(value)) return path.join(value, 'xcluster-netns')
  const home = findHome(environment)
  if (home !== undefined) return path.resolve(home, fallback, 'xcluster-netns')
  throw noHome(name, 'set HOME, or both XDG_CACHE_HOME and XDG_STATE_HOME, to directories of yours')
}

/** What is known beside options and environment. */
export interface MoreLayers {
  /** What comes before the person's word: what a topology of xcluster changed. */
  readonly above?: readonly Layer[]
  /** What counts where the person says nothing: the test, the topology, xcluster. */
  readonly below?: readonly Layer[]
  /** The kind of cluster where nobody names one. */
  readonly kind?: string
}

/**
 * Turns options and environment into the settings of a test.
 * @param options values of the command line under their variable's name: `{ __nvm: '2' }`
 * @param environment the caller's environment
 * @throws Failure with exit code 2 that names the option or variable
 */
export const readSettings = (options: Environment, environment: Environment, more: MoreLayers = {}): Settings =>
  readSettingsAndOwn(options, environment, more, () => undefined).settings

/**
 * As {@link readSettings}, with those that only one kind of cluster has; all are listed together.
 * @param readOwn reads them, when all others are read
 */
export function readSettingsAndOwn<Own>(
  options: Environment,
  environment: Environment,
  { above = [], below = [], kind }: MoreLayers,
  readOwn: (sources: Sources, settings: Pick<Settings, 'guestEnvironment' | 'packing'>) => Own,
): { readonly settings: Settings; readonly own: Own } {
  const sources = new Sources([...above, ...callersLayers(options, environment), ...below])
  if (kind !== undefined) sources.text('__cluster', kind)
  const name = clusterName(sources)
  const topology = sources.text('TOPOLOGY', '')
  const nodes = readNodes(sources)
  const workers = nodes.filter(node => node.role === 'worker')
  const addressing = readAddressing(sources)
  const accelerator = sources.checked('__accel', 'auto', 'auto, kvm or tcg', value =>
    ['auto', 'kvm', 'tcg'].includes(value),
  ) as AcceleratorChoice
  const cold = sources.flag('__cold')
  const start = !sources.flag('__no_start')
  const timeoutSeconds = sources.integer(
    '__timeout',
    usualTimeout(nodes.length, workers.length * addressing.podsPerNode),
    1,
    MOST_SECONDS,
  )
  const replace = sources.flag('__replace')
  const family = sources.checked('__family', 'both', '4, 6 or both', value => /^(4|6|both)$/.test(value))
  const results = sources.text('__results', '')
  const packed = ['ARCHIVE', 'NFQLBDIR', 'SOURCE_DATE_EPOCH'].map(variable => [variable, sources.text(variable, '')])
  const archives = { ...environment, ...Object.fromEntries(packed) }
  const seed = sources.has('__seed') ? sources.text('__seed', '') : undefined
  const packing = readPacking({ cni: sources.said('option', 'variable').__cni, seed }, archives, () =>
    sources.written('__seed'),
  )
  const guest = guestEnvironment(sources, nodes, addressing)
  const settings = {
    cluster: Object.freeze({ name, nodes, accelerator, cold, topology, start, keep: readKeep(sources), replace }),
    repeatPolicy: readRepeatPolicy(sources),
    addressing,
    families: Object.freeze(FAMILIES.filter(one => family === 'both' || String(one) === family)),
    guestEnvironment: guest,
    timeoutSeconds,
    resultsDirectory: results ? path.resolve(expandHome('--results', results, environment)) : undefined,
    packing,
    ovlPath: Object.freeze(
      sources
        .text('XCLUSTER_OVLPATH', '')
        .split(':')
        .filter(Boolean)
        .map(place => expandHome('XCLUSTER_OVLPATH', place, environment)),
    ),
    directories: readDirectories(environment),
    ovlNames: readOvlNames(sources),
  }
  const own = readOwn(sources, settings)
  return { settings: Object.freeze({ ...settings, origins: Object.freeze(sources.seen) }), own }
}

/** A pipeline has nobody to look at what is left running. */
function readKeep(sources: Sources): Keep {
  if (sources.flag('__no_stop')) return 'always'
  return sources.flag('__stop') || saysCi(sources.text('CI', '')) ? 'never' : 'usual'
}

/**
 * The variables of the VMs: every `xcluster_*` that was set, without its prefix, and the size of the cluster. Defaults are not passed on:
 * an ovl may bring its own.
 * @throws Failure BAD_VALUE (exit 2) for a value with a line break: the VMs read it from a file of lines
 */
function guestEnvironment(
  sources: Sources,
  nodes: readonly NodePlan[],
  addressing: Addressing,
): Readonly<Record<string, string>> {
  const count = (role: NodePlan['role']) => String(nodes.filter(node => node.role === role).length)
  const size = { __nvm: count('worker'), __nrouters: count('router'), __ntesters: count('tester') }
  const checked: Readonly<Record<string, string>> = {
    NPODS: String(addressing.podsPerNode),
    ADRTEMPLATE: addressing.template.text,
    PODIF: addressing.podInterface,
    PREFIX: addressing.prefix,
    NAME_PREFIX: addressing.namePrefix,
  }
  const inherited: Record<string, string> = {}
  for (const name of sources.names(GUEST_VARIABLE)) {
    const guestName = name.replace('xcluster_', '')
    if (guestName in size) continue
    const value = checked[guestName] ?? sources.text(name, '')
    if (/[\n\r\0]/.test(value)) throw usageFailure('BAD_VALUE', `${name}: must not contain a line break`)
    inherited[guestName] = value
  }
  return Object.freeze({ ...inherited, ...size })
}
