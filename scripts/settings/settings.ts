import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { type Addressing, readAddressing } from './addressing.ts'
import type { Family } from './family.ts'
import { DEFAULT_GUEST, type Guest, packingFor, readGuest } from './guest.ts'
import { expandHome, findHome, noHome } from './home.ts'
import { type NodePlan, readNodes } from './nodes.ts'
import { type OvlNames, readOvlNames } from './ovl-names.ts'
import { type Packing, readPacking } from './packing.ts'
import { type RepeatPolicy, readRepeatPolicy } from './repeat-policy.ts'
import { isCi, type Layer, type Setting, Sources, userLayers } from './sources.ts'

export type AcceleratorChoice = 'auto' | 'kvm' | 'tcg'

/** When the cluster is left running after a run; `usual`: after a failure, and after a test that only starts it. */
export type RetainPolicy = 'never' | 'usual' | 'always'

export interface Settings {
  readonly cluster: {
    readonly name: string
    readonly nodes: readonly NodePlan[]
    readonly accelerator: AcceleratorChoice
    /** Cold boot every VM, without a template. */
    readonly cold: boolean
    readonly topology: string
    /** False: use the running cluster. */
    readonly start: boolean
    readonly retain: RetainPolicy
    /** Stop a running cluster of this name first, even if it is in use. */
    readonly replace: boolean
    /** What the nodes' image is built from. */
    readonly guest: Guest
  }
  readonly repeatPolicy: RepeatPolicy
  readonly addressing: Addressing
  /** The matrix is measured for these, and each POD must have an address of each. */
  readonly families: readonly Family[]
  /** Environment variables of the nodes, without xcluster's prefix. */
  readonly guestEnvironment: Readonly<Record<string, string>>
  /** For the start of the nodes, and for each step. */
  readonly timeoutSeconds: number
  /** Undefined: collect no results. */
  readonly resultsDirectory: string | undefined
  /** Content of the ovl `netns`. */
  readonly packing: Packing
  /** Directories to search for ovls by name. */
  readonly ovlPath: readonly string[]
  readonly directories: Directories
  readonly ovlNames: OvlNames
  /** Every setting with its origin. */
  readonly origins: readonly Setting[]
}

/** Directories of this program that outlive a run. */
export interface Directories {
  /** Files that can be rebuilt, such as the guest image. */
  readonly cache: string
  /** A directory for each running cluster. */
  readonly state: string
}

const FAMILIES: readonly Family[] = [4, 6]

/** Used in file names and in socket paths, whose length is limited. */
const CLUSTER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/

/** xcluster's convention: nodes get these variables without the prefix. */
const GUEST_VARIABLE = /^xcluster_[A-Za-z_]\w*$/

/**
 * Seconds: xcluster's default of 60 for a small cluster. More nodes need more time on two cores, and so does the
 * matrix, which pings every POD from every other in both families (docs/performance.md).
 */
function defaultTimeout(nodeCount: number, pods: number): number {
  const pairs = pods * (pods - 1) * 2
  return Math.min(MAX_SECONDS, Math.max(60, 5 * nodeCount, Math.ceil(pairs * SECONDS_PER_PAIR)))
}
/** Nearly three times the time per pair on two busy cores that emulate a hundred VMs; leaves time for retries. */
const SECONDS_PER_PAIR = 0.008
const MAX_SECONDS = 86_400

/** @throws Failure BAD_VALUE (exit 2) for an invalid name */
export function readClusterName(options: Environment, environment: Environment): string {
  return clusterName(new Sources(userLayers(options, environment)))
}

export const DEFAULT_CLUSTER_NAME = 'default'

const clusterName = (sources: Sources): string =>
  sources.checked('__name', DEFAULT_CLUSTER_NAME, 'at most 32 letters, digits, dots, dashes and underscores', value =>
    CLUSTER_NAME.test(value),
  )

/**
 * The directories of the XDG base directory specification, which says to ignore relative paths.
 * @throws Failure NO_HOME (exit 3)
 */
export const readDirectories = (environment: Environment): Directories =>
  Object.freeze({
    cache: cacheDirectory(environment),
    state: baseDirectory('XDG_STATE_HOME', '.local/state', environment),
  })

/** The cache directory, for optional caching; undefined for a user without a home directory. */
export const findCache = (environment: Environment): string | undefined =>
  path.isAbsolute(environment.XDG_CACHE_HOME ?? '') || findHome(environment) ? cacheDirectory(environment) : undefined

const cacheDirectory = (environment: Environment) => baseDirectory('XDG_CACHE_HOME', '.cache', environment)

function baseDirectory(name: string, fallback: string, environment: Environment): string {
  const value = environment[name]
  if (value && path.isAbsolute(value)) return path.join(value, 'xcluster-netns')
  const home = findHome(environment)
  if (home !== undefined) return path.resolve(home, fallback, 'xcluster-netns')
  throw noHome(name, 'set HOME, or both XDG_CACHE_HOME and XDG_STATE_HOME, to writable directories')
}

/** Layers of settings besides options and environment. */
export interface ExtraLayers {
  /** Take precedence over the user's settings: changes by a topology of xcluster. */
  readonly above?: readonly Layer[]
  /** Defaults: of the test, the topology, xcluster. */
  readonly below?: readonly Layer[]
  readonly kind?: string
  /** Debian packages that the test needs on the nodes. */
  readonly packages?: readonly string[]
}

/**
 * Reads the settings from options and environment.
 * @param options values of the command line by variable name: `{ __nvm: '2' }`
 * @throws Failure (exit 2) that names the option or variable
 */
export const readSettings = (options: Environment, environment: Environment, more: ExtraLayers = {}): Settings =>
  readSettingsOfKind(options, environment, more, () => undefined).settings

/**
 * As {@link readSettings}, and reads the settings of a kind of cluster, too. `origins` lists both.
 * @param readOwn called after all other settings are read
 */
export function readSettingsOfKind<Own>(
  options: Environment,
  environment: Environment,
  { above = [], below = [], kind, packages }: ExtraLayers,
  readOwn: (sources: Sources, settings: Pick<Settings, 'guestEnvironment' | 'packing'>) => Own,
): { readonly settings: Settings; readonly own: Own } {
  const sources = new Sources([...above, ...userLayers(options, environment), ...below])
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
    defaultTimeout(nodes.length, workers.length * addressing.podsPerNode),
    1,
    MAX_SECONDS,
  )
  const replace = sources.flag('__replace')
  // xcluster has an image and options of its own, and variables such as __kernel belong to it.
  const guestSources = new Sources(userLayers(options, environment).filter(({ origin }) => origin !== 'environment'))
  const guest = kind === 'xcluster' ? DEFAULT_GUEST : readGuest(guestSources, environment, packages)
  const family = sources.checked('__family', 'both', '4, 6 or both', value => /^(4|6|both)$/.test(value))
  const results = sources.text('__results', '')
  const packed = ['ARCHIVE', 'NFQLBDIR', 'SOURCE_DATE_EPOCH'].map(variable => [variable, sources.text(variable, '')])
  const archives = { ...environment, ...Object.fromEntries(packed) }
  const seed = sources.has('__seed') ? sources.text('__seed', '') : undefined
  const packing = readPacking({ cni: sources.valuesFrom('option', 'variable').__cni, seed }, archives, () =>
    sources.spellingOf('__seed'),
  )
  const nodesEnvironment = guestEnvironment(sources, nodes, addressing)
  const directories = readDirectories(environment)
  const settings = {
    cluster: Object.freeze({
      name,
      nodes,
      accelerator,
      cold,
      topology,
      start,
      retain: readRetainPolicy(sources),
      replace,
      guest,
    }),
    repeatPolicy: readRepeatPolicy(sources),
    addressing,
    families: Object.freeze(FAMILIES.filter(one => family === 'both' || String(one) === family)),
    guestEnvironment: nodesEnvironment,
    timeoutSeconds,
    resultsDirectory: results ? path.resolve(expandHome('--results', results, environment)) : undefined,
    packing: packingFor(guest, packing, directories.cache),
    ovlPath: Object.freeze(
      sources
        .text('XCLUSTER_OVLPATH', '')
        .split(':')
        .filter(Boolean)
        .map(place => expandHome('XCLUSTER_OVLPATH', place, environment)),
    ),
    directories,
    ovlNames: readOvlNames(sources),
  }
  const own = readOwn(sources, settings)
  return {
    settings: Object.freeze({ ...settings, origins: Object.freeze([...sources.seen, ...guestSources.seen]) }),
    own,
  }
}

/** In CI a cluster that is left running serves no purpose. */
function readRetainPolicy(sources: Sources): RetainPolicy {
  if (sources.flag('__no_stop')) return 'always'
  return sources.flag('__stop') || isCi(sources.text('CI', '')) ? 'never' : 'usual'
}

/**
 * The variables of the nodes: every `xcluster_*` that is set, without the prefix, and the size of the cluster. Omits
 * defaults, because an ovl may have its own.
 * @throws Failure BAD_VALUE (exit 2) for a value with a line break, because nodes read them from a file of lines
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
