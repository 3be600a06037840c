import type { Diagnosis } from '../diagnosis/cause.ts'
import type { Setting } from '../settings/sources.ts'
import type { AttemptInfo, Component, FailedStep, Invocation, RunEvent, Verdict } from './events.ts'
import type { Excerpt } from './excerpt.ts'

/** A step, such as a check, may be skipped or end with a warning. */
export type StepVerdict = Verdict | 'skipped' | 'warning'

/** The outcome of a step on one node. */
export interface NodeRecord {
  readonly node: string
  /** `interrupted` until the step ends. */
  verdict: StepVerdict
  /** The reason of a skipped step or a warning. */
  note?: string
  milliseconds: number
  failure?: FailedStep
  readonly output: Excerpt
}

export interface StepRecord {
  readonly step: string
  readonly index: number
  /** The index of the step whose function called this one. */
  readonly within?: number
  readonly begun: number
  /** By name, in node order. */
  readonly nodes: ReadonlyMap<string, NodeRecord>
}

export type Evidence = Pick<Extract<RunEvent, { type: 'evidence' }>, 'node' | 'subject' | 'what' | 'text'>

/** A collected directory or file. */
export interface Artifact {
  readonly what: string
  readonly path: string
}

/** One attempt of a test. */
export interface TestRecord {
  readonly test: string
  readonly turn: AttemptInfo
  readonly summary: string
  readonly file: string | undefined
  readonly settings: readonly Setting[]
  readonly components: Component[]
  readonly begun: number
  ended: number
  isOver: boolean
  verdict: Verdict
  why: string | undefined
  /** Failed, and another attempt follows. */
  retried: boolean
  cluster: string | undefined
  readonly steps: StepRecord[]
  /** The failure that happened first, on any node. */
  firstFailure: FailedStep | undefined
  /** The proof's one-line verdict. */
  matrix: string | undefined
  diagnosis: Diagnosis | undefined
  readonly evidence: Evidence[]
  readonly artefacts: Artifact[]
}

export interface RunRecord {
  readonly begun: number
  readonly invocation: Invocation | undefined
  /** Names of the selected tests. */
  readonly planned: readonly string[]
  /** Of a run on several kernels. */
  readonly kernels: readonly string[]
  readonly components: Component[]
  readonly tests: TestRecord[]
  readonly skipped: { readonly test: string; readonly why: string }[]
  /** Why the run ended early. */
  message: string | undefined
  verdict: Verdict
  seconds: number
  left: string | undefined
  /** Why the remaining tests were not run. */
  notRunWhy: string | undefined
  /** Paths of the reports, as lines for the user. */
  reports: readonly string[]
}
