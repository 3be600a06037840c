import type { TestCase } from '../cases/test-case.ts'
import type { Cluster, OvlDirectory } from '../cluster/cluster.ts'
import type { Emit, FailedStep, Verdict } from '../events/events.ts'
import type { RepeatPolicy } from '../settings/repeat-policy.ts'
import type { Settings } from '../settings/settings.ts'
import type { LeftCluster } from './held.ts'

/** A test and its cluster. */
export interface PlannedTest {
  readonly test: TestCase
  readonly settings: Settings
  readonly cluster: Cluster
  /** Skipped, with the reason, when its requirements are not met; otherwise the run is refused. */
  readonly optional: boolean
}

export interface RunRequest {
  readonly plan: readonly PlannedTest[]
  readonly extraOvls: readonly OvlDirectory[]
  /** Skipped tests count as failures. */
  readonly strict: boolean
  readonly repeatPolicy: RepeatPolicy
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** The verdict of a run that was not interrupted. */
export type RunVerdict = Exclude<Verdict, 'interrupted'>

export interface RunResult {
  readonly verdict: RunVerdict
  readonly failures: readonly FailedStep[]
  /** The tests that passed only on a retry. */
  readonly flaky: readonly string[]
  readonly left: LeftCluster | undefined
  /** Why tests were not run. */
  readonly notRun?: string
}
