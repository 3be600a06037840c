import type { TestContext } from '../../cases/context.ts'
import { testFailure } from '../../errors/failure.ts'
import { POD_DIRECTORIES } from '../../settings/pod-facts.ts'
import { compareLedgers } from '../ledger/compare.ts'
import type { Ledger } from '../ledger/entry.ts'
import { takeLedger } from '../ledger/take.ts'
import { firstOf } from '../report/words.ts'
import type { Attachment } from '../runtime/derive.ts'
import { SECONDS_AFTER_FAILURE } from '../runtime/execute.ts'
import { describeFailure, durationOf, type Outcome, Runtime, type RuntimeOptions } from '../runtime/runtime.ts'
import type { SuiteNode } from '../suite.ts'
import type { PreparedBench } from './conformance.ts'
import type { BenchPlan } from './plan.ts'

/** The PODs of a node, attached to the network. */
export interface AttachedNode extends SuiteNode {
  readonly runtime: Runtime
  readonly attachments: readonly Attachment[]
  /** Before the PODs were attached. */
  readonly before: Ledger
}

/**
 * Creates the PODs of all nodes, and attaches them all at once. First attaches and detaches one POD, so that
 * the objects that attachments share, such as a bridge, exist before the ledger is taken.
 * @param podInterface as in PODIF
 */
export async function attachPods(
  { prepare }: Pick<BenchPlan, 'prepare'>,
  { nodes, networkOf }: PreparedBench,
  podInterface: string,
  context: TestContext,
): Promise<readonly AttachedNode[]> {
  return await Promise.all(
    nodes.map(async ({ shell, programs }) => {
      if (prepare !== undefined) await shell.run(['sh', '-c', prepare])
      const { stdout } = await shell.run(['sh', '-c', 'netns_test create && netns_test name'])
      const pods = stdout.toString().split('\n').filter(Boolean)
      const attachments = pods.map(pod => ({
        containerId: pod,
        netns: `${POD_DIRECTORIES.net}/${pod}`,
        ifname: podInterface === 'hostname' ? pod : podInterface,
      }))
      const runtimeWith = (options: RuntimeOptions) => new Runtime(networkOf(shell.name), shell, programs, options)
      let runtime = runtimeWith({})
      const [first] = attachments
      if (first) {
        const [outcome] = await runtime.add([first])
        if (outcome?.failure) runtime = runtimeWith({ timeout: SECONDS_AFTER_FAILURE })
        await runtime.del([first])
      }
      const before = await takeLedger(shell, pods)
      await reportAll(context, 'ADD of all PODs', shell.name, attachments, await runtime.add(attachments))
      return { shell, programs, runtime, attachments, before }
    }),
  )
}

/** Calls CHECK for all PODs. */
export async function checkPods(nodes: readonly AttachedNode[], context: TestContext): Promise<void> {
  await Promise.all(
    nodes.map(async ({ shell, runtime, attachments }) => {
      if (runtime.missing('CHECK') || runtime.network.disableCheck) return
      await reportAll(context, 'CHECK of all PODs', shell.name, attachments, await runtime.check(attachments))
    }),
  )
}

/** Detaches all PODs, compares the ledger, and deletes them. */
export async function detachPods(nodes: readonly AttachedNode[], context: TestContext): Promise<void> {
  await Promise.all(
    nodes.map(async ({ shell, runtime, attachments, before }) => {
      await reportAll(context, 'DEL of all PODs', shell.name, attachments, await runtime.del(attachments))
      const after = await takeLedger(
        shell,
        attachments.map(({ containerId }) => containerId),
      )
      const differences = compareLedgers(before, after, 'DEL of all PODs').map(({ message }) => message)
      await context.check(
        'ledger after DEL of all PODs',
        check => {
          for (const message of differences) check.log(message)
          const found = firstOf(differences)
          if (found !== undefined) check.warn(found)
        },
        { node: shell.name },
      )
      await shell.run(['netns_test', 'delete'])
    }),
  )
}

/** Reports an operation on all PODs of a node as a check. */
async function reportAll(
  context: TestContext,
  name: string,
  node: string,
  attachments: readonly Attachment[],
  outcomes: readonly Outcome[],
): Promise<void> {
  await context.check(
    name,
    check => {
      const slowest = Math.max(0, ...outcomes.map(durationOf))
      check.log(`${attachments.length} PODs, the slowest took ${(slowest / 1000).toFixed(2)} s`)
      const failed = outcomes.flatMap((outcome, index) =>
        outcome.failure ? [`${attachments[index]?.containerId}: ${describeFailure(outcome)}`] : [],
      )
      for (const why of failed) check.log(why)
      const found = firstOf(failed)
      const total = failed.length > 1 ? ` of ${attachments.length} PODs` : ''
      if (found !== undefined) throw testFailure('CNI_FAILED', `${found}${total}`, { node })
    },
    { node },
  )
}
