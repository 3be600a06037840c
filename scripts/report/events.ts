import type { Matrix } from '../proof/matrix.ts'
import type { NodeFacts } from '../proof/network.ts'
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
}

export type Verdict = 'passed' | 'failed' | 'broken' | 'interrupted'

/** One thing that happened in a run, in the order in which it did. Times are milliseconds since the epoch. */
export type RunEvent = { readonly at: number } & (
  | { readonly type: 'run-start'; readonly tests: readonly string[] }
  /** Something worth a line for the person, not tied to a test: that the image is being made. */
  | { readonly type: 'notice'; readonly text: string }
  /** Something for the log alone: what the ovl holds, what xcluster says. */
  | { readonly type: 'detail'; readonly text: string }
  | {
      readonly type: 'cluster-start'
      readonly test: string
      readonly nodes: number
      /** The kind of cluster, and what is to be known of it: `embedded: 4 VMs, by KVM`. */
      readonly kind: string
    }
  | { readonly type: 'node-up'; readonly node: string; readonly up: number; readonly of: number }
  | {
      readonly type: 'test-start'
      readonly test: string
      readonly summary: string
      readonly settings: readonly Setting[]
    }
  /** What it needs cannot be had. */
  | { readonly type: 'test-skipped'; readonly test: string; readonly why: string }
  | ({ readonly type: 'step-start'; readonly nodes: readonly string[] } & StepId)
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
  /** What the proof of a test measured, and its verdict in a line. */
  | { readonly type: 'matrix'; readonly test: string; readonly matrix: Matrix; readonly text: string }
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
  | { readonly type: 'test-end'; readonly test: string; readonly verdict: Verdict; readonly why: string | undefined }
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
