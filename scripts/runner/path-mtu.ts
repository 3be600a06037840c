import type { RuleProof } from '../proof/rules/report.ts'
import type { RuleSet } from '../proof/rules/rule.ts'
import { capture } from '../ssh/node.ts'
import { proveRules } from './rules-proof.ts'
import type { StepFailure } from './steps.ts'
import { nextContext, type TestRun } from './test-run.ts'

/** From the first POD of each node to that of each other. */
const RULES: RuleSet = {
  rules: [{ from: { number: 1 }, to: { number: 1 }, protocol: 'icmp', mtu: 'measure', expect: 'reply' }],
  default: 'reply',
}

/**
 * Measures the path MTU between nodes, if the test asks for it and the nodes can: packets that are too big must be
 * announced as such, not vanish.
 */
export async function measurePathMtu(
  run: TestRun,
): Promise<{ proof?: RuleProof | undefined; failures: readonly StepFailure[] }> {
  const { test, settings, cluster, emit, signal } = run
  const workers = cluster.nodes.filter(({ role }) => role === 'worker')
  if (!test.measuresPathMtu || workers.length < 2) return { failures: [] }
  const skip = (why: string) => {
    emit({ type: 'notice', text: `path MTU: not measured: ${why}` })
    return { failures: [] }
  }
  // The kernel has too few neighbor entries for all nodes at once.
  if (cluster.flushesNeighbors) return skip('too few neighbor entries')
  const [first] = workers
  if (first) {
    // The images of xcluster have no Perl.
    const { exitCode } = await capture(first, ['sh', '-c', 'command -v perl'], signal)
    if (exitCode !== 0) return skip(`${first.name} has no perl`)
  }
  return await proveRules({ test, settings, rules: RULES, nodes: cluster.nodes, name: 'path_mtu' }, nextContext(run))
}
