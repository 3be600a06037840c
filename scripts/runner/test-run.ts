import type { TestCase } from '../cases/test-case.ts'
import type { RunningCluster } from '../cluster/cluster.ts'
import type { Emit } from '../events/events.ts'
import type { Selector } from '../settings/selectors.ts'
import { select } from '../settings/selectors.ts'
import type { Settings } from '../settings/settings.ts'
import type { Node } from '../ssh/node.ts'
import type { StepContext } from './steps.ts'

/** A node or POD in which a command runs. */
export interface CommandPlace {
  /** The name of the node or POD. */
  readonly name: string
  readonly node: Node
}

/** A command in the background, in all its places. */
export interface BackgroundTask {
  readonly name: string
  readonly places: readonly CommandPlace[]
  /** On the nodes. */
  readonly directory: string
}

/** A test on its cluster. */
export interface TestRun {
  readonly test: TestCase
  readonly settings: Settings
  readonly cluster: RunningCluster
  /** Skipped tests and warnings count as failures. */
  readonly strict: boolean
  readonly emit: Emit
  readonly signal: AbortSignal
  readonly counter: StepCounter
  /** Commands in the background that have not been ended. */
  readonly background: BackgroundTask[]
}

/** Numbers the steps of a test: functions add some. */
interface StepCounter {
  index: number
  of: number
}

/** The context of the next step. @param within the index of the step whose function calls it */
export function nextContext(run: TestRun, within?: number, signal: AbortSignal = run.signal): StepContext {
  const { test, settings, cluster, emit, counter } = run
  counter.index++
  counter.of = Math.max(counter.of, counter.index)
  return {
    test: test.name,
    index: counter.index,
    of: counter.of,
    ...(within !== undefined && { within }),
    timeoutSeconds: settings.timeoutSeconds,
    emit,
    signal,
    diagnose: cluster.diagnose,
  }
}

/** The nodes that a selector of the test matches. */
export const nodesFor = ({ test, cluster }: Pick<TestRun, 'test' | 'cluster'>, selector: Selector): readonly Node[] =>
  select(selector, cluster.nodes, test.labels)
