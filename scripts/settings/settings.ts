import os from 'node:os'
import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'
import { type Addressing, readAddressing } from './addressing.ts'
import { type NodePlan, readNodes } from './nodes.ts'
import { type Packing, readPacking } from './packing.ts'
import { type Environment, type Setting, Sources } from './sources.ts'

export type AcceleratorWish = 'auto' | 'kvm' | 'tcg'

/** When the cluster of a run outlives it. */
export type Keep = 'never' | 'after-failure' | 'always'

/** Everything that options and environment decide about a run, read once. */
export interface Settings {
  readonly cluster: {
    readonly name: string
    readonly nodes: readonly NodePlan[]
    readonly accelerator: AcceleratorWish
    /** False: use the one that runs. */
    readonly start: boolean
    readonly keep: Keep
  }
  readonly addressing: Addressing
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

/** Becomes part of file names and of socket paths, whose length is limited. */
const CLUSTER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/

/** Seconds: contract of xcluster for four VMs; a hundred on two cores take longer, in proportion. */
const leastTimeout = (nodeCount: number): number => Math.max(60, 5 * nodeCount)

/**
 * @param environment the caller's
 * @throws Failure BAD_VALUE (exit 2) for a name that is none
 */
export function readClusterName(options: Environment, environment: Environment): string {
  return clusterName(new Sources(options, environment))
}

export const DEFAULT_CLUSTER_NAME = 'default'

const clusterName = (sources: Sources): string =>
  sources.checked('__name', DEFAULT_CLUSTER_NAME, 'letters, digits, dots, dashes, underscores, at most 32', value =>
    CLUSTER_NAME.test(value),
  )

/**
 * Where things are kept, by the XDG base directory rules (a relative path there is to be ignored).
 */
export function readDirectories(environment: Environment): Directories {
  const home = environment.HOME || os.homedir()
  const base = (name: string, fallback: string) => {
    const value = environment[name]
    return path.join(value && path.isAbsolute(value) ? value : path.join(home, fallback), 'xcluster-netns')
  }
  return Object.freeze({ cache: base('XDG_CACHE_HOME', '.cache'), state: base('XDG_STATE_HOME', '.local/state') })
}

/**
 * Turns options and environment into the settings of a run of tests.
 * @param options values of the command line under their variable's name: `{ __nvm: '2' }`
 * @param environment the caller's environment
 * @throws Failure with exit code 2 that names the option or variable
 */
export function readSettings(options: Environment, environment: Environment): Settings {
  const sources = new Sources(options, environment)
  const name = clusterName(sources)
  const nodes = readNodes(sources)
  const workers = nodes.filter(node => node.role === 'worker')
  const addressing = readAddressing(sources, workers.length)
  const accelerator = sources.checked('__accel', 'auto', 'auto, kvm or tcg', value =>
    ['auto', 'kvm', 'tcg'].includes(value),
  ) as AcceleratorWish
  const start = !sources.flag('__no_start')
  const timeoutSeconds = sources.integer('__timeout', leastTimeout(nodes.length), 1, 86_400)
  const results = sources.text('__results', '')
  return Object.freeze({
    cluster: Object.freeze({ name, nodes, accelerator, start, keep: readKeep(sources) }),
    addressing,
    guestEnvironment: guestEnvironment(sources, environment, nodes, addressing),
    timeoutSeconds,
    resultsDirectory: results ? path.resolve(results) : undefined,
    packing: readPacking({ cni: options.__cni, seed: options.__seed }, environment),
    ovlPath: Object.freeze(sources.text('XCLUSTER_OVLPATH', '').split(':').filter(Boolean)),
    directories: readDirectories(environment),
    origins: Object.freeze(sources.seen),
  })
}

/** A pipeline has nobody to look at what is left running. */
function readKeep(sources: Sources): Keep {
  if (sources.flag('__no_stop')) return 'always'
  return ['', 'false', '0'].includes(sources.text('CI', '')) ? 'after-failure' : 'never'
}

/**
 * The variables of the VMs: every `xcluster_*` without its prefix, and the size of the cluster.
 * @throws Failure BAD_VALUE (exit 2) for a value with a line break: the VMs read it from a file of lines
 */
function guestEnvironment(
  sources: Sources,
  environment: Environment,
  nodes: readonly NodePlan[],
  addressing: Addressing,
): Readonly<Record<string, string>> {
  const count = (role: NodePlan['role']) => String(nodes.filter(node => node.role === role).length)
  const inherited: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    const guestName = /^xcluster_([A-Za-z_]\w*)$/.exec(name)?.[1]
    if (!guestName || !value) continue
    if (/[\n\r\0]/.test(value)) throw usageFailure('BAD_VALUE', `${name}: must not contain a line break`)
    inherited[guestName] = value
  }
  const random = sources.text('xcluster_RNDADR', '')
  return Object.freeze({
    ...inherited,
    __nvm: count('worker'),
    __nrouters: count('router'),
    __ntesters: count('tester'),
    NPODS: String(addressing.podsPerNode),
    ADRTEMPLATE: addressing.template.text,
    PODIF: addressing.podInterface,
    PREFIX: addressing.prefix,
    ...(random && { RNDADR: random }),
  })
}
