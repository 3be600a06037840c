import type { Diagnosis } from '../diagnosis/cause.ts'
import type { NodeFacts } from '../proof/facts.ts'
import type { Finding } from '../proof/findings.ts'
import type { Matrix } from '../proof/matrix.ts'
import type { RuleProof } from '../proof/rules/report.ts'
import type { Setting } from '../settings/sources.ts'
import type { Conformance } from './conformance.ts'

/** Identifies a step of a run. */
export interface StepId {
  readonly test: string
  /** The step's name, as in `netns_test tcase_<step>`. */
  readonly step: string
  /** 1 for the first step of the test; a test may repeat a step. */
  readonly index: number
}

/** A step's failure on one node. */
export interface FailedStep extends StepId {
  readonly node: string
  readonly why: string
  /** The last lines that the command printed. */
  readonly lastLines: readonly string[]
  /** The node failed, not the tested network. */
  readonly broken?: boolean
  /** The place in the file of the test: `policy.test.ts:12:5`. */
  readonly location?: string
}

/** Counts repeats and attempts of a test. */
export interface AttemptInfo {
  /** 1 for the first of `--repeat` or `--until-failure`. */
  readonly repeat: number
  /** 1 for the first attempt; higher after a failure, with `--retry`. */
  readonly attempt: number
  /** The maximum. */
  readonly attempts: number
}

/** A program, image or ovl that a run depends on. */
export interface Component {
  /** `node`, `qemu`, `guest kernel`, `ovl netns`… */
  readonly name: string
  /** Missing for an unversioned component. */
  readonly version?: string
  /** SHA-256 in hexadecimal. */
  readonly digest?: string
  /** Its file or directory. */
  readonly place?: string
  /** Of an image of nodes: the Debian release. */
  readonly release?: string
  readonly architecture?: string
  /** The time of the Debian archive, with `--snapshot`. */
  readonly snapshot?: string
  /** The version of each Debian package in it. */
  readonly packages?: Readonly<Record<string, string>>
}

export type Verdict = 'passed' | 'failed' | 'broken' | 'interrupted'

/** The user's request, valid in any working directory: `rerun` reads it. */
export interface Invocation {
  readonly command: readonly string[]
  readonly directory: string
  /** Names of tests, or `all`. */
  readonly words: readonly string[]
  /** Options by the names of their variables. */
  readonly options: Readonly<Record<string, string>>
  /** Directories of additional ovls. */
  readonly ovls: readonly string[]
  /** Values of parameters: `size=1400`. */
  readonly set?: readonly string[]
  /** Selects tests by name or summary. */
  readonly grep?: string
}

/** A shell command to suggest to the user. */
export interface Command {
  /** Its purpose: `enter the cluster` */
  readonly what: string
  readonly text: string
}

/** An event of a run. `at` is in milliseconds since the epoch, from a monotonic clock. */
export type RunEvent = { readonly at: number } & (
  | {
      readonly type: 'run-start'
      readonly tests: readonly string[]
      /** With several kernels: their names, which are part of the names of tests, as in `bridge@6.12`. */
      readonly kernels?: readonly string[]
      readonly invocation?: Invocation
      /** Paths of the reports, as lines for the user: `log: /…/run.log`. */
      readonly reports?: readonly string[]
    }
  /** A component of the run, or of a test's cluster. */
  | { readonly type: 'provenance'; readonly test?: string; readonly component: Component }
  /** A message to the user, for example that the image is being built. */
  | {
      readonly type: 'notice'
      readonly text: string
      /** Report identical lines only once in a run. */
      readonly once?: true
    }
  /** A message for the log only: contents of an ovl, output of xcluster. */
  | { readonly type: 'detail'; readonly text: string }
  | {
      readonly type: 'cluster-start'
      readonly test: string
      readonly nodes: number
      /** Names of all nodes, in order. */
      readonly names?: readonly string[]
      /** The cluster kind and a summary: `embedded: 4 VMs, KVM`. */
      readonly kind: string
    }
  | { readonly type: 'node-up'; readonly node: string; readonly up: number; readonly of: number }
  | {
      readonly type: 'test-start'
      readonly test: string
      readonly summary: string
      readonly settings: readonly Setting[]
      /** The defining file, relative to the repository. */
      readonly file?: string
      /** Missing without repeats and retries. */
      readonly turn?: AttemptInfo
    }
  /** Its requirements are not met. */
  | { readonly type: 'test-skipped'; readonly test: string; readonly why: string }
  | ({
      readonly type: 'step-start'
      readonly nodes: readonly string[]
      /** The number of steps of the test, including the proof. */
      readonly of?: number
      /** The index of the step whose function called this one. */
      readonly within?: number
      /** A name for the user, where the nodes do not print one. */
      readonly title?: string
    } & StepId)
  /** Progress of the proof, in pairs of the matrix. */
  | { readonly type: 'progress'; readonly test: string; readonly done: number; readonly of: number }
  | ({
      readonly type: 'output'
      readonly node: string
      readonly stream: 'stdout' | 'stderr'
      readonly line: string
    } & StepId)
  | ({
      readonly type: 'step-end'
      readonly node: string
      readonly failure: FailedStep | undefined
      readonly milliseconds: number
      /** Why the step was skipped: it has no result. */
      readonly skipped?: string
      /** A problem that is not a failure. */
      readonly warning?: string
    } & StepId)
  /** The network of a test, as its nodes report it. */
  | { readonly type: 'network'; readonly test: string; readonly network: readonly NodeFacts[] }
  /** How a CNI network conforms to the specification. */
  | { readonly type: 'conformance'; readonly test: string; readonly conformance: Conformance }
  /** Missing PODs, addresses and interfaces: they fail a proof even if every pair is right. */
  | { readonly type: 'findings'; readonly test: string; readonly findings: readonly Finding[] }
  /** The measurements of a proof, and a one-line verdict. */
  | { readonly type: 'matrix'; readonly test: string; readonly matrix: Matrix; readonly text: string }
  /** The measurements of a proof by rules, and a one-line verdict. */
  | { readonly type: 'probes'; readonly test: string; readonly proof: RuleProof; readonly text: string }
  /** Likely causes of a failure, from the nodes' own facts; follows the failures. */
  | ({ readonly type: 'diagnosis'; readonly test: string } & Diagnosis)
  /** State of a node or POD after a failure. */
  | {
      readonly type: 'evidence'
      readonly test: string
      readonly node: string
      /** The name of the POD or node. */
      readonly subject: string
      /** `routes`, `neighbours`, `kernel messages`… */
      readonly what: string
      readonly text: string
    }
  | {
      readonly type: 'test-end'
      readonly test: string
      readonly verdict: Verdict
      readonly why: string | undefined
      readonly turn?: AttemptInfo
      /** Failed, but another attempt follows: this one does not count. */
      readonly retried?: boolean
    }
  /** The run ends early. */
  | { readonly type: 'run-failed'; readonly message: string }
  /** A collected directory or file: results, or the evidence of a failure. */
  | { readonly type: 'artefact'; readonly test: string; readonly path: string; readonly what?: 'evidence' }
  | {
      readonly type: 'run-end'
      readonly verdict: Verdict
      readonly failures: readonly FailedStep[]
      readonly seconds: number
      readonly left: string | undefined
      /** The commands in `left`. */
      readonly leftCommands?: readonly Command[]
      /** The tests that passed only on a retry. */
      readonly flaky?: readonly string[]
      /** Why tests were not run although nothing broke: `--bail`. */
      readonly notRun?: string
    }
)

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never

/** An event without a timestamp, unless it is reported later than it happened. */
export type NewEvent = WithoutTime<RunEvent> & { readonly at?: number }

/** A consumer of events. `close` is awaited at the end of the run. */
export interface Listener {
  readonly name: string
  on(event: RunEvent): void
  close?(): Promise<void>
}

export type Emit = (event: NewEvent) => void
