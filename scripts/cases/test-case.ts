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

/** Requirements besides the nodes of the steps, checked before the cluster starts. */
export interface Needs {
  /** A running cluster with a network that the user has set up. */
  readonly running?: true
  /** CNI plugins in the ovl. */
  readonly plugins?: true
  /** A file given by `--conf`; `all` skips the test. */
  readonly configuration?: true
  /** Constraints on addresses and names of its PODs. */
  readonly pods?: PodNeeds
  /** A net that all workers must be on. */
  readonly net?: number
  /** Interfaces that must be on one net, by position: `{ 'vm-001': 2, 'vm-202': 3 }` for eth2 and eth3. */
  readonly links?: readonly { readonly workers?: number; readonly [node: `vm-${number}`]: number }[]
  /** The number of interfaces that nodes must have. */
  readonly nics?: { readonly workers?: number; readonly [node: `vm-${number}`]: number }
  /** Kinds of interface that the nodes' kernel must support; checked before the first step. */
  readonly kinds?: readonly (typeof LINK_KINDS)[number][]
  /** Commands that the nodes must have; checked before the first step. */
  readonly commands?: readonly string[]
  /** The oldest supported kernel: `6.1`. */
  readonly kernel?: string
}

export interface PodNeeds {
  /**
   * `node`: numbered in the node's network, or random ones of network 0 with RNDADR=yes. `random`: always random.
   * `pool`: allocated by CNI in the node's network, which also has a gateway. `bridges`: numbered in network 0, with an
   * external host.
   */
  readonly addresses: 'node' | 'random' | 'pool' | 'bridges'
  /** The required value of RNDADR, if any. */
  readonly rndadr?: 'yes' | 'no'
  /** PODs have veth pairs, whose ends on the node have the PODs' names. */
  readonly veth?: true
  /** Prefixes of PODs' names, instead of NAME_PREFIX. */
  readonly prefixes?: readonly string[]
}

/** PODs that the steps of a test create on some nodes. */
export interface CreatedPods {
  readonly where: Where
  /**
   * @param node its name
   * @param count the number of PODs per step: NPODS
   */
  names(node: string, count: number): readonly string[]
}

/** The definition of a test. */
export interface TestCase {
  readonly name: string
  /** One line, for `--list` and the summary. */
  readonly summary: string
  /** The module that defines it, for reports. */
  readonly file: string
  /** The name of the test that this is an alias of. */
  readonly sameAs?: string
  readonly needs: Needs
  /** Debian packages that its nodes need in addition. */
  readonly packages?: readonly string[]
  /** Defaults of the cluster, by xcluster's variables. */
  readonly cluster?: Readonly<Record<string, string>>
  /** Values of the cluster that override the user's. */
  readonly forced?: Readonly<Record<string, string>>
  /** The cluster is left running when the test passes. */
  readonly keepsCluster?: true
  readonly steps: readonly Step[]
  /** Completes a test that depends on files, or on options of its own, before anything starts. */
  readonly complete?: (request: CompletionRequest) => Promise<CompletedTest>
  /** Run after the steps and the proof, also after a failure or interruption. */
  readonly cleanup?: readonly Step[]
  /** Names for selectors of nodes and PODs. */
  readonly labels?: Labels
  /** The values of its parameters. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>
  /** The ovl that contains the test, for the nodes. */
  readonly ovl?: OvlDirectory
  /** The place in its file of a member of its definition: `policy.test.ts:12:5`. */
  readonly locate?: (path: readonly (string | number)[]) => string | undefined
  /** The PODs that the steps create, each with an IPv4 and an IPv6 address; missing if unknown. */
  readonly pods?: readonly CreatedPods[]
  /** Which PODs must reach each other after the steps, proved for all pairs; missing: no proof. */
  readonly reach?: Reach | RuleSet
  /** Also measure the path MTU between nodes, which a tunnel reduces. */
  readonly measuresPathMtu?: true
}

/** The test to complete, its settings, and the user's options by the names of their variables. */
export interface CompletionRequest {
  readonly test: TestCase
  readonly settings: Settings
  readonly options: Environment
  /** Other ovls may contain plugins. */
  readonly hasOvls: boolean
}

export interface CompletedTest {
  readonly test: TestCase
  readonly settings: Settings
}

/** PODs with the names of `netns_test name`, on all workers or one. */
export const numberedPods = (where: Where, prefix = ''): CreatedPods => ({
  where,
  names: (node, count) =>
    Array.from({ length: count }, (_, index) => `${prefix}${node}-ns${String(index + 1).padStart(2, '0')}`),
})

/** PODs with other names. */
export const namedPods = (where: Where, ...names: readonly string[]): CreatedPods => ({ where, names: () => names })

/**
 * The names of the PODs that a test creates, by node.
 * @param count the number of PODs per step
 */
export function podsOf({ pods = [] }: TestCase, { cluster, guestEnvironment }: Settings, count: number) {
  const byNode = new Map<string, readonly string[]>()
  for (const { where, names } of pods) {
    for (const { name, role } of cluster.nodes) {
      if (where !== name && !(where === 'workers' && role === 'worker')) continue
      const prefix = where === 'workers' ? (guestEnvironment.NAME_PREFIX ?? '') : ''
      byNode.set(name, [...(byNode.get(name) ?? []), ...names(name, count).map(pod => `${prefix}${pod}`)])
    }
  }
  return byNode
}

const TOP = path.resolve(import.meta.dirname, '../..')

/** The file that defines a test: relative to the repository if it is in it, otherwise to the working directory. */
export function fileOf({ file }: TestCase): string {
  const own = path.relative(TOP, file)
  return own.startsWith('..') ? shownPath(file) : own
}
