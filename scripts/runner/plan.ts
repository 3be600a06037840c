import type { TestCase } from '../cases/test-case.ts'
import type { Cluster, OvlDirectory } from '../cluster/cluster.ts'
import type { Emit, FailedStep, Verdict } from '../events/events.ts'
import type { RepeatPolicy } from '../settings/repeat-policy.ts'
import type { Settings } from '../settings/settings.ts'
import type { LeftCluster } from './held.ts'

/** A test with the cluster that it is to run on. */
export interface PlannedTest {
  readonly test: TestCase
  readonly settings: Settings
  readonly cluster: Cluster
  /** Left out with a word where what it needs cannot be had; otherwise that ends the run before it begins. */
  readonly optional: boolean
}

export interface RunRequest {
  readonly plan: readonly PlannedTest[]
  readonly extraOvls: readonly OvlDirectory[]
  /** A test that is left out counts as failed. */
  readonly strict: boolean
  readonly repeatPolicy: RepeatPolicy
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** How tests end that were run to their end. */
export type RunVerdict = Exclude<Verdict, 'interrupted'>

export interface RunResult {
  readonly verdict: RunVerdict
  readonly failures: readonly FailedStep[]
  /** The tests that passed only when they were tried again. */
  readonly flaky: readonly string[]
  /** The cluster that was left running. */
  readonly left: LeftCluster | undefined
  /** Why tests were not run, if there are such. */
  readonly notRun?: string
}
