import type { TestContext } from '../../cases/context.ts'
import { testFailure } from '../../errors/failure.ts'
import { BASELINE, runChurn } from '../churn/churn.ts'
import { churnLines, churnProblems } from '../churn/report.ts'
import { firstOf } from '../report/words.ts'
import { typesOf } from '../runtime/programs.ts'
import { Unmet } from '../violation.ts'
import type { PreparedBench } from './conformance.ts'
import type { BenchPlan } from './plan.ts'

/** Time to start and end, besides the measurement. */
const MARGIN_SECONDS = 120
/** Enough for the slowest plugins in emulated VMs. */
const SECONDS_PER_POD = 4

/** Timeout of the step, which measures two networks. */
export const churnSeconds = ({ churn }: Pick<BenchPlan, 'churn'>): number => {
  if (!churn) return 0
  const seconds = 'seconds' in churn.limit ? churn.limit.seconds : churn.limit.count * SECONDS_PER_POD
  return 2 * seconds + MARGIN_SECONDS
}

/**
 * Attaches and detaches containers on one node, of the network and of the baseline in turn. Operations that fail fail
 * the check; lost packets and leaks are warnings.
 */
export async function measureChurn(plan: BenchPlan, bench: PreparedBench, context: TestContext): Promise<void> {
  const [node] = bench.nodes
  const { churn } = plan
  if (!node || !churn) return
  const name = node.shell.name
  const network = bench.networkOf(name)
  const baseline = churn.baselineOf?.(name) ?? BASELINE
  const isThere = typesOf(baseline).every(type => node.programs.has(type))
  await context.check(
    'churn',
    async check => {
      const networks = isThere ? [network, baseline] : [network]
      if (!isThere) check.log(`no baseline: the node lacks a plugin of the network '${baseline.name}'`)
      const { shell, programs } = node
      const request = {
        node: shell,
        programs,
        networks,
        limit: churn.limit,
        prepare: plan.prepare,
        signal: context.signal,
      }
      const results = await runChurn(request).catch((error: unknown) => {
        throw error instanceof Unmet ? testFailure('CNI_FAILED', error.message, { node: name }) : error
      })
      for (const line of churnLines(results)) context.notice(line)
      const [own] = results
      const problems = own ? churnProblems(own) : []
      for (const problem of problems) check.log(problem)
      const found = firstOf(problems)
      if (found === undefined) return
      if (own && own.failures.size > 0) throw testFailure('CNI_FAILED', found, { node: name })
      check.warn(found)
    },
    { node: name },
  )
}
