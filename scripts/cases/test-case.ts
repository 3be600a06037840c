import path from 'node:path'
import type { Environment } from '../host/environment.ts'
import { shownPath } from '../host/shown-path.ts'
import type { Reach } from '../proof/reach.ts'
import type { RuleSet } from '../proof/rules/rule.ts'
import type { OvlDirectory } from '../settings/ovl-directory.ts'
import type { LINK_KINDS } from '../settings/pod-facts.ts'
import type { Labels } from '../settings/selectors.ts'
import type { Settings } from '../settings/settings.ts'
import type { Step } from './steps.ts'

export { on, onWorkers, type Step } from './steps.ts'

/** Which nodes create PODs: all workers, or one node. */
export type Where = 'workers' | `vm-${number}`

/** What a test needs beyond the nodes that its steps name; checked before any is started. */
export interface Needs {
  /** A cluster that runs, and in which somebody has set something up. */
  readonly running?: true
  /** CNI plugins in the ovl. */
  readonly plugins?: true
  /** A file of the user's, with `--conf`: the test is not among `all`. */
  readonly configuration?: true
  /** What the addresses and names of its PODs must fit into. */
  readonly pods?: PodNeeds
  /** A net that all workers must be on, to reach each other. */
  readonly net?: number
  /** Interfaces that must be on one net, by their positions: `{ 'vm-001': 2, 'vm-202': 3 }` joins eth2 and eth3. */
  readonly links?: readonly { readonly workers?: number; readonly [node: `vm-${number}`]: number }[]
  /** How many interfaces nodes must have. */
  readonly nics?: { readonly workers?: number; readonly [node: `vm-${number}`]: number }
  /** Kinds of interface that the VMs' kernel must have, by a module or built in; checked before the first step. */
  readonly kinds?: readonly (typeof LINK_KINDS)[number][]
  /** Commands that the nodes must have; checked before the first step. */
  readonly commands?: readonly string[]
  /** The oldest kernel that the nodes may have, as in `6.1`. */
  readonly kernel?: string
}

/** How a test addresses and names its PODs. */
export interface PodNeeds {
  /**
   * `node`: numbered in their node's network, or random ones of network 0 with RNDADR=yes; `random`: these always; `pool`: taken from their
   * node's network by CNI, whose gateway has one; `bridges`: numbered in network 0, beside a host outside.
   */
  readonly addresses: 'node' | 'random' | 'pool' | 'bridges'
  /** What RNDADR must be, where not both will do. */
  readonly rndadr?: 'yes' | 'no'
  /** PODs have veth pairs, whose ends in the VM are called after them. */
  readonly veth?: true
  /** Stand in front of PODs' names, instead of NAME_PREFIX. */
  readonly prefixes?: readonly string[]
}

/** PODs that the steps of a test make on some nodes. */
export interface MadePods {
  readonly where: Where
  /**
   * @param node its name
   * @param count how many a step makes at once: NPODS
   */
  names(node: string, count: number): readonly string[]
}

/** A test, as data: what it shows and the steps that show it. */
export interface TestCase {
  /** As typed by the person. */
  readonly name: string
  /** One line, for `--list` and the summary. */
  readonly summary: string
  /** The module that defines it: reports name it as the place of a failure. */
  readonly file: string
  /** Another one's name, of which this is but another name. */
  readonly sameAs?: string
  readonly needs: Needs
  /** Debian packages that its nodes need besides those of every image. */
  readonly packages?: readonly string[]
  /** The cluster on which it is meant to run, in xcluster's variables: counts where the person does not say otherwise. */
  readonly cluster?: Readonly<Record<string, string>>
  /** The same, for a test that can run on no other: overrides what the user says. */
  readonly forced?: Readonly<Record<string, string>>
  /** It only starts a cluster to work in: the cluster stays when it passes. */
  readonly keepsCluster?: true
  readonly steps: readonly Step[]
  /** Completes a test that depends on files, or on options of its own, before anything starts. */
  readonly complete?: (request: CompletionRequest) => Promise<CompletedTest>
  /** Run after the steps and the proof, also after a failure or an interruption. */
  readonly cleanup?: readonly Step[]
  /** Names for selectors of nodes and PODs. */
  readonly labels?: Labels
  /** The values of its parameters. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>
  /** The ovl that brings the test: the nodes get it. */
  readonly ovl?: OvlDirectory
  /** The place in its file of a member of its definition: `policy.test.ts:12:5`. */
  readonly locate?: (path: readonly (string | number)[]) => string | undefined
  /** The PODs that the steps make, each with an IPv4 and an IPv6 address; missing where the test does not know. */
  readonly pods?: readonly MadePods[]
  /** Which PODs reach each other once the steps have passed: proved for all pairs. Nothing is proved when missing. */
  readonly reach?: Reach | RuleSet
  /** Also measure the path MTU between nodes: through a tunnel it is less than that of PODs. */
  readonly measuresPathMtu?: true
}

/** The test to complete, its settings, and the user's options by the names of their variables. */
export interface CompletionRequest {
  readonly test: TestCase
  readonly settings: Settings
  readonly options: Environment
  /** Other ovls may bring files, such as plugins, that nobody knows yet. */
  readonly hasOvls: boolean
}

export interface CompletedTest {
  readonly test: TestCase
  readonly settings: Settings
}

/** PODs as `netns_test name` calls them, on all workers or one. */
export const numberedPods = (where: Where, prefix = ''): MadePods => ({
  where,
  names: (node, count) =>
    Array.from({ length: count }, (_, index) => `${prefix}${node}-ns${String(index + 1).padStart(2, '0')}`),
})

/** PODs with names of their own. */
export const namedPods = (where: Where, ...names: readonly string[]): MadePods => ({ where, names: () => names })

/**
 * The names of the PODs that a test makes, by node, as its cluster was planned.
 * @param count how many a step makes at once
 */
export function podsOf({ pods = [] }: TestCase, { cluster, guestEnvironment }: Settings, count: number) {
  const made = new Map<string, readonly string[]>()
  for (const { where, names } of pods) {
    for (const { name, role } of cluster.nodes) {
      if (where !== name && !(where === 'workers' && role === 'worker')) continue
      const prefix = where === 'workers' ? (guestEnvironment.NAME_PREFIX ?? '') : ''
      made.set(name, [...(made.get(name) ?? []), ...names(name, count).map(pod => `${prefix}${pod}`)])
    }
  }
  return made
}

const TOP = path.resolve(import.meta.dirname, '../..')

/** The file that defines a test: of this repository, as it names it; otherwise as the user would. */
export function fileOf({ file }: TestCase): string {
  const own = path.relative(TOP, file)
  return own.startsWith('..') ? shownPath(file) : own
}
