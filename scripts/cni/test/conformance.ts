import type { Check as Reported, TestContext } from '../../cases/context.ts'
import { testFailure } from '../../errors/failure.ts'
import type { CheckEvidence, CheckResult } from '../../events/conformance.ts'
import type { Network } from '../network.ts'
import { compareConformance } from '../report/compare.ts'
import { negotiate } from '../runtime/negotiate.ts'
import { CNI_PATH, listPrograms, requirePlugins } from '../runtime/programs.ts'
import { runSuite, type SuiteNode } from '../suite.ts'
import type { BenchPlan } from './plan.ts'
import { shellIn } from './shell.ts'

/** The nodes with their plugins, and the network as filled for each, in its negotiated version. */
export interface PreparedBench {
  readonly nodes: readonly SuiteNode[]
  networkOf(node: string): Network
}

/**
 * Finds the plugins of a network on all nodes, and chooses the version.
 * @throws Failure NO_CNI_PLUGIN (exit 2), CNI_VERSION (exit 1)
 */
export async function prepareBench(plan: BenchPlan, context: TestContext): Promise<PreparedBench> {
  const networks = new Map<string, Network>()
  const nodes = await Promise.all(
    context.nodes.map(async ({ name }) => {
      const shell = shellIn(context, name)
      const programs = await listPrograms(shell, CNI_PATH)
      const network = plan.networkOf(name)
      requirePlugins(network, [...programs.keys()], name)
      networks.set(name, await negotiate(network, shell, programs))
      return { shell, programs }
    }),
  )
  return { nodes, networkOf: name => networks.get(name) ?? plan.networkOf(name) }
}

/** Runs the conformance checks, each as a check of the test. */
export async function checkConformance(plan: BenchPlan, bench: PreparedBench, context: TestContext): Promise<void> {
  const { nodes, networkOf } = bench
  const checks = await runSuite({
    checks: plan.checks,
    nodes,
    networkOf,
    prepare: plan.prepare,
    signal: context.signal,
    report: async result => {
      const { name, node, milliseconds } = result
      await context.check(name, check => conclude(result, check), { node, milliseconds })
    },
  })
  const { name, cniVersion, plugins } = networkOf(nodes[0]?.shell.name ?? '')
  context.conformance({
    network: name,
    file: plan.file,
    cniVersion,
    plugins: plugins.map(({ type, ipam }) => (ipam?.type ? `${type} (${ipam.type})` : type)),
    checks,
    ...(plan.earlier && { changes: compareConformance(plan.earlier, { checks }) }),
  })
}

function conclude({ verdict, why = '', section, level, expects, evidence }: CheckResult, check: Reported): void {
  check.log(`section ${section}, ${level}: the plugin ${expects}`)
  for (const each of evidence) check.log(describe(each))
  if (verdict === 'skipped') check.skip(why)
  if (verdict === 'warning') check.warn(why)
  if (verdict === 'failed') throw testFailure('CNI_VIOLATION', why)
}

function describe(evidence: CheckEvidence): string {
  if (evidence.type === 'kernel') return `${evidence.what}: ${evidence.text}`
  const { operation, plugin, environment, input, status, problem, stdout, stderr } = evidence
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const outputs = [stdout, stderr].map(text => text.trim()).filter(Boolean)
  const end = problem ?? `exit status ${status}`
  return [
    `${operation} ${plugin}: ${variables.join(' ')}`,
    `  sent: ${input}`,
    `  ${[end, ...outputs].join('\n  ')}`,
  ].join('\n')
}
