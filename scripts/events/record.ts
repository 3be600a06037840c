import type { Diagnosis } from '../diagnosis/cause.ts'
import type { Setting } from '../settings/sources.ts'
import type { Component, FailedStep, Invocation, RunEvent, Turn, Verdict } from './events.ts'
import type { Excerpt } from './excerpt.ts'

/** How a step went on one node. */
export interface NodeRecord {
  readonly node: string
  /** `interrupted`, too, while it is under way. */
  verdict: Verdict
  milliseconds: number
  failure?: FailedStep
  readonly output: Excerpt
}

export interface StepRecord {
  readonly step: string
  readonly index: number
  readonly begun: number
  /** By name, in the order of the nodes. */
  readonly nodes: ReadonlyMap<string, NodeRecord>
}

export type Evidence = Pick<Extract<RunEvent, { type: 'evidence' }>, 'node' | 'subject' | 'what' | 'text'>

/** What was brought home: `results` or `evidence`, and where it is. */
export interface Artefact {
  readonly what: string
  readonly path: string
}

/** One time that a test was run. */
export interface TestRecord {
  readonly test: string
  readonly turn: Turn
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
  /** What the proof measured, in a line. */
  matrix: string | undefined
  /** Why it failed, as far as that is known. */
  diagnosis: Diagnosis | undefined
  readonly evidence: Evidence[]
  readonly artefacts: Artefact[]
}

export interface RunRecord {
  readonly begun: number
  readonly invocation: Invocation | undefined
  /** The names of the tests that were to be run. */
  readonly planned: readonly string[]
  readonly components: Component[]
  readonly tests: TestRecord[]
  readonly skipped: { readonly test: string; readonly why: string }[]
  /** Why the run ended before its tests did. */
  message: string | undefined
  verdict: Verdict
  seconds: number
  left: string | undefined
  /** Why tests behind the last one were not run, where the run was not broken off. */
  notRunWhy: string | undefined
  /** Where the reports are, in lines for the user. */
  reports: readonly string[]
}
