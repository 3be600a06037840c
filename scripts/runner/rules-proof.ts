import type { TestCase } from '../cases/test-case.ts'
import { testFailure } from '../errors/failure.ts'
import type { NodeFacts } from '../proof/facts.ts'
import { sharedFindings } from '../proof/findings.ts'
import { podAddresses } from '../proof/network.ts'
import { inputsFor } from '../proof/rules/input.ts'
import { assembleProbes, hasSilence, type ProbeMatrix } from '../proof/rules/matrix.ts'
import { type ProbePlan, planProbes, rolesOf } from '../proof/rules/plan.ts'
import { describeUnproved, describeWrong, linesOf, type RuleProof } from '../proof/rules/report.ts'
import { familiesOf, type RuleSet, withLabels } from '../proof/rules/rule.ts'
import { assembleSpread, type SpreadResult, spreadInputs, spreadsOf } from '../proof/rules/spread.ts'
import type { Settings } from '../settings/settings.ts'
import type { Node } from '../ssh/node.ts'
import { type Probers, withProbers } from './probes.ts'
import { RETRYING } from './proof.ts'
import { type NodeLine, runProofStep } from './proof-step.ts'
import type { StepContext, StepFailure } from './steps.ts'

interface RulesRequest {
  readonly test: TestCase
  readonly settings: Settings
  readonly rules: RuleSet
  readonly nodes: readonly Node[]
  readonly flushNeighbors?: boolean
  /** Of the step. */
  readonly name?: string
}

/**
 * Probes all pairs of PODs as the rules say, and compares the results with them.
 * @throws the signal's reason when that is aborted
 */
export async function proveRules(
  { rules, ...request }: RulesRequest,
  context: StepContext,
): Promise<{ proof: RuleProof | undefined; failures: readonly StepFailure[] }> {
  const { emit, timeoutSeconds, test } = context
  const { nodes, flushNeighbors = false, name = 'rules' } = request
  const set = withLabels(rules, request.test.labels)
  const families = familiesOf(rules, request.settings.families)
  const roleOf = rolesOf(nodes)
  const retryUntil = performance.now() + timeoutSeconds * 1000 * RETRYING
  const { result, failures } = await runProofStep({ ...request, name, families }, context, async measuring => {
    const { network, deadline, onHung, onProgress } = measuring
    const plans = planProbes(set, network, roleOf)
    const spreads = spreadsOf(plans, set)
    const ports = [...new Set(plans.map(({ probe }) => probe.protocol))].filter(protocol => protocol !== 'icmp')
    const probing = { nodes, network, deadline: retryUntil, signal: deadline.signal, flushNeighbors, onHung }
    const proof = await withProbers(probing, ports, async probers => {
      const matrices: ProbeMatrix[] = []
      for (const plan of plans) {
        matrices.push(await measurePlan(plan, set, network, probers))
        onProgress(matrices.length, plans.length)
      }
      const results: SpreadResult[] = []
      for (const spread of spreads) {
        const observed = await probers.run(spreadInputs(spread, network))
        results.push(assembleSpread(spread, set, roleOf, observed))
      }
      return { rules: set, matrices, spreads: results }
    })
    if (proof.matrices.every(({ counts }) => counts.expected + counts.forbidden === 0))
      throw testFailure('NO_PODS', 'the rules decide about no pair of PODs')
    return {
      result: proof,
      findings: sharedFindings(podAddresses(network)),
      wrong: wrongLines(proof),
      report: () => emit({ type: 'probes', test, proof, text: linesOf(proof).join('; ') }),
    }
  })
  return { proof: result, failures }
}

/** Probers and servers that were too slow prove no silence. */
const ATTEMPTS = 3

async function measurePlan(
  plan: ProbePlan,
  set: RuleSet,
  network: readonly NodeFacts[],
  probers: Probers,
): Promise<ProbeMatrix> {
  const isSilent = hasSilence(plan, set)
  for (let attempt = 1; ; attempt++) {
    if (isSilent) await probers.states()
    const observed = await probers.run(inputsFor(plan, set, network))
    const servers = isSilent ? await probers.states() : new Map()
    const matrix = assembleProbes(plan, set, network, observed, servers)
    if (attempt === ATTEMPTS || !matrix.unproved.some(({ isSlow }) => isSlow)) return matrix
  }
}

const wrongLines = ({ matrices, spreads }: RuleProof): readonly NodeLine[] => [
  ...matrices.flatMap(matrix => [
    ...matrix.wrong.map(pair => ({ node: pair.source.node, text: describeWrong(matrix, pair) })),
    ...matrix.unproved.map(pod => ({ node: pod.source.node, text: describeUnproved(matrix, pod) })),
  ]),
  ...spreads.flatMap(({ wrong }) => wrong),
]
