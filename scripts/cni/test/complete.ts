import { isIPv6 } from 'node:net'
import type { TestContext } from '../../cases/context.ts'
import type { FunctionStep } from '../../cases/steps.ts'
import { type CompletedTest, type CompletionRequest, numberedPods } from '../../cases/test-case.ts'
import { LINK_KINDS } from '../../settings/pod-facts.ts'
import { type AttachedNode, attachPods, checkPods, detachPods } from './attach.ts'
import { churnSeconds, measureChurn } from './churn.ts'
import { checkConformance, type PreparedBench, prepareBench } from './conformance.ts'
import { planBench } from './plan.ts'

/**
 * Builds the test of a CNI network: its PODs on all nodes, with the proof, then its conformance.
 * @throws Failure of {@link planBench}
 */
export async function completeCniTest(request: CompletionRequest): Promise<CompletedTest> {
  const { test, settings, options } = request
  const { reach, ...rest } = test
  const plan = await planBench(request)
  const [worker] = settings.cluster.nodes.filter(({ role }) => role === 'worker')
  const network = worker && plan.networkOf(worker.name)
  const hasAddresses = network?.plugins.some(({ ipam }) => ipam !== undefined) === true
  const isIpv4 = options.__family === undefined && !(network && hasIpv6(network))
  const types = network?.plugins.map(({ type }) => type) ?? []
  // Plugins that are named after the kind of interface that they create.
  const kinds = LINK_KINDS.filter(kind => types.includes(kind))
  let attached: readonly AttachedNode[] = []
  const attach = async (context: TestContext, bench: PreparedBench) => {
    attached = await attachPods(plan, bench, settings.addressing.podInterface, context)
    if (hasAddresses) await context.expectReach(reach ?? 'node')
    await checkPods(attached, context)
    await detachPods(attached, context)
    attached = []
  }
  const steps: readonly FunctionStep[] = [
    {
      name: 'cni',
      where: 'workers',
      run: async context => {
        attached = []
        const bench = await context.step('plugins', () => prepareBench(plan, context))
        // A failure is reported; conformance does not depend on it.
        if (plan.attaches) await context.step('attach', () => attach(context, bench)).catch(() => {})
        if (plan.checks.length > 0) await context.step('conformance', () => checkConformance(plan, bench, context))
        if (plan.churn) await context.step('churn', () => measureChurn(plan, bench, context))
      },
    },
  ]
  const cleanup: readonly FunctionStep[] = [
    { name: 'detach', where: 'workers', run: context => detachPods(attached, context) },
  ]
  return {
    test: {
      ...rest,
      parameters: { nodes: settings.cluster.nodes.filter(({ role }) => role === 'worker').length },
      steps,
      needs: { plugins: true, kinds, ...(plan.attaches && { pods: { addresses: 'pool' } }) },
      ...(plan.attaches && { cleanup, pods: [numberedPods('workers')] }),
    },
    settings: {
      ...settings,
      ...(isIpv4 && { families: [4] }),
      ...(options.__timeout === undefined && { timeoutSeconds: Math.max(settings.timeoutSeconds, churnSeconds(plan)) }),
    },
  }
}

/** Whether a configuration has an IPv6 address or network: then each POD must have an address of each family. */
function hasIpv6(value: unknown): boolean {
  if (typeof value === 'string') return isIPv6(value.split('/')[0] ?? '')
  return typeof value === 'object' && value !== null && Object.values(value).some(hasIpv6)
}
