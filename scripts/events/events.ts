import type { Diagnosis } from '../diagnosis/cause.ts'
import type { NodeFacts } from '../proof/facts.ts'
import type { Finding } from '../proof/findings.ts'
import type { Matrix } from '../proof/matrix.ts'
import type { Setting } from '../settings/sources.ts'

/** What the steps of a run belong to. */
export interface StepId {
  readonly test: string
  /** The step's name, as in `netns_test tcase_<step>`. */
  readonly step: string
  /** 1 for the first step of the test: a test may do the same step twice. */
  readonly index: number
}

/** What went wrong, where. */
export interface FailedStep extends StepId {
  readonly node: string
  readonly why: string
  /** The command's own last lines. */
  readonly lastLines: readonly string[]
  /** The node, and not the tested network, is to blame. */
  readonly broken?: boolean
}

/** Which time a test is run, in a run that repeats or retries. */
export interface Turn {
  /** 1 for the first of `--repeat` or `--until-failure`. */
  readonly repeat: number
  /** 1 for the first of this repeat; more after a failure, with `--retry`. */
  readonly attempt: number
  /** How many there may be. */
  readonly attempts: number
}

/** Something that a run was made with: what must be the same when it is made again. */
export interface Component {
  /** `node`, `qemu`, `guest kernel`, `ovl netns`… */
  readonly name: string
  /** Missing where it has none of its own. */
  readonly version?: string
  /** SHA-256 in hexadecimal. */
  readonly digest?: string
  /** The file or directory that it came from. */
  readonly place?: string
}

export type Verdict = 'passed' | 'failed' | 'broken' | 'interrupted'

/** What was asked for, so that it can be asked for again from any directory. */
export interface Invocation {
  /** As it was typed. */
  readonly command: readonly string[]
  readonly directory: string
  /** Names of tests; `all` stands for every one. */
  readonly words: readonly string[]
  /** Options under their variables' names. */
  readonly options: Readonly<Record<string, string>>
  /** Directories of ovls beside netns. */
  readonly ovls: readonly string[]
}

/** A command line for a shell. */
export interface Command {
  /** What it does: `enter the cluster` */
  readonly what: string
  readonly text: string
}

/** One thing that happened in a run, in the order in which it did. Times are milliseconds since the epoch by the run's clock, which never goes back. */
export type RunEvent = { readonly at: number } & (
  | {
      readonly type: 'run-start'
      readonly tests: readonly string[]
      readonly invocation?: Invocation
      /** Where the reports are, in lines for the user: `log: /…/run.log`. */
      readonly reports?: readonly string[]
    }
  /** What the run, or a test's cluster, is made with. */
  | { readonly type: 'provenance'; readonly test?: string; readonly component: Component }
  /** Something worth a line for the person, not tied to a test: that the image is being made. */
  | {
      readonly type: 'notice'
      readonly text: string
      /** The same line is not said again in this run. */
      readonly once?: true
    }
  /** Something for the log alone: what the ovl holds, what xcluster says. */
  | { readonly type: 'detail'; readonly text: string }
  | {
      readonly type: 'cluster-start'
      readonly test: string
      readonly nodes: number
      /** Of all of them, in order. */
      readonly names?: readonly string[]
      /** The kind of cluster, and a summary of it: `embedded: 4 VMs, KVM`. */
      readonly kind: string
    }
  | { readonly type: 'node-up'; readonly node: string; readonly up: number; readonly of: number }
  | {
      readonly type: 'test-start'
      readonly test: string
      readonly summary: string
      readonly settings: readonly Setting[]
      /** The file that defines it, relative to this repository. */
      readonly file?: string
      /** Missing where every test is run once. */
      readonly turn?: Turn
    }
  /** What it needs cannot be had. */
  | { readonly type: 'test-skipped'; readonly test: string; readonly why: string }
  | ({
      readonly type: 'step-start'
      readonly nodes: readonly string[]
      /** How many steps the test has, the proof among them. */
      readonly of?: number
    } & StepId)
  /** How far a step is that the host side follows itself: pairs of the matrix. */
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
    } & StepId)
  /** What the nodes tell about the network that a test has set up. */
  | { readonly type: 'network'; readonly test: string; readonly network: readonly NodeFacts[] }
  /** What spoils the proof of a test, beside pairs: PODs, addresses and interfaces that are gone. */
  | { readonly type: 'findings'; readonly test: string; readonly findings: readonly Finding[] }
  /** What the proof of a test measured, and its verdict in a line. */
  | { readonly type: 'matrix'; readonly test: string; readonly matrix: Matrix; readonly text: string }
  /** Why a test failed, as far as its nodes' own facts say: it follows the failures. */
  | ({ readonly type: 'diagnosis'; readonly test: string } & Diagnosis)
  /** What a failure left to look at: of a node, or of one of its PODs. */
  | {
      readonly type: 'evidence'
      readonly test: string
      readonly node: string
      /** The POD's name, or the node's. */
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
      readonly turn?: Turn
      /** It failed, and another attempt follows: this one does not count. */
      readonly retried?: boolean
    }
  /** The run ends before its tests do. */
  | { readonly type: 'run-failed'; readonly message: string }
  /** A directory or file brought home: results, or the evidence of a failure. */
  | { readonly type: 'artefact'; readonly test: string; readonly path: string; readonly what?: 'evidence' }
  | {
      readonly type: 'run-end'
      readonly verdict: Verdict
      readonly failures: readonly FailedStep[]
      readonly seconds: number
      readonly left: string | undefined
      /** The commands that `left` names. */
      readonly leftCommands?: readonly Command[]
      /** The tests that passed only when they were tried again. */
      readonly flaky?: readonly string[]
      /** Why tests were not run, where nothing broke: `--bail`. */
      readonly notRun?: string
    }
)

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never

/** An event before it has its time. */
export type NewEvent = WithoutTime<RunEvent>

/** Something that shows or writes what happens. `close` is awaited when the run is over. */
export interface Listener {
  readonly name: string
  on(event: RunEvent): void
  close?(): Promise<void>
}

/** Where the parts of a run say what happens. */
export type Emit = (event: NewEvent) => void
