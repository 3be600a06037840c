import { whereOf } from '../cases/steps.ts'
import { podsOf, type TestCase } from '../cases/test-case.ts'
import { environmentFailure, usageFailure } from '../errors/failure.ts'
import { requireCni } from '../ovl/cni.ts'
import type { Settings } from '../settings/settings.ts'
import { capture, type Node } from '../ssh/node.ts'
import { checkLinks } from './links.ts'
import { checkRules } from './planned-rules.ts'
import { checkPods } from './pods.ts'
import { checkSelectors } from './selectors.ts'
import { checkStepNames } from './step-names.ts'

/**
 * Checks a test's requirements before anything is started.
 * @param hasOvls other ovls are unpacked on the nodes
 * @throws Failure NO_CNI or NO_NODE (exit 3), NEEDS_RUNNING, BAD_TEST, NOT_LINKED, NOTHING_TO_PROVE, PODS_DO_NOT_FIT
 *   (exit 2)
 */
export function checkNeeds(test: TestCase, settings: Settings, hasOvls = false): void {
  const { name, needs, steps } = test
  if (needs.running && settings.cluster.start)
    throw usageFailure('NEEDS_RUNNING', `${name} needs a running cluster`, { hint: 'add --no-start' })
  // A running cluster may have been sized by other settings.
  if (!settings.cluster.start) return
  if (needs.plugins) requireCni(settings.packing)
  const { nodes } = settings.cluster
  const workers = nodes.filter(({ role }) => role === 'worker').map(node => node.name)
  const named = steps.flatMap(step => [whereOf(step)].flat()).filter(isNodeName)
  const { workers: ofWorkers = 1, ...ofNodes } = needs.nics ?? {}
  const wanted = new Map<string, number>([
    ...named.map(node => [node, 1] as const),
    ...workers.map(node => [node, ofWorkers] as const),
    ...Object.entries(ofNodes),
  ])
  for (const [node, nics] of wanted) {
    const plan = nodes.find(candidate => candidate.name === node)
    const hint = 'unset the options and variables for the cluster size: the test has its own'
    if (!plan) throw environmentFailure('NO_NODE', `${name} needs ${node}, which the cluster does not have`, { hint })
    if (plan.nets.length >= nics) continue
    const has = `which has ${plan.nets.length} interfaces`
    throw environmentFailure('NO_NODE', `${name} needs eth0 to eth${nics - 1} on ${node}, ${has}`, { hint })
  }
  checkStepNames(test, hasOvls || test.ovl !== undefined)
  checkSelectors(test, settings)
  checkRules(test, settings)
  checkLinks(test, nodes)
  checkPods(test, settings)
  const pods = [...podsOf(test, settings, settings.addressing.podsPerNode).values()].flat()
  if (pods.length === 1)
    throw usageFailure('NOTHING_TO_PROVE', `${name} would prove nothing: with one POD there is no pair to ping`, {
      hint: 'set --nvm or xcluster_NPODS to 2 or more',
    })
}

/** Other selectors are checked where a test is read. */
const isNodeName = (where: unknown): where is string => typeof where === 'string' && /^vm-\d{3}$/.test(where)

/**
 * Checks the kernels and commands of running nodes: those of the user's xcluster are unknown before.
 * @throws Failure NO_KIND, NODE_LACKS (exit 3) naming the node and what it lacks
 */
export async function checkKernels(
  { name, needs }: TestCase,
  nodes: readonly Node[],
  signal: AbortSignal,
): Promise<void> {
  const { kinds, commands = [], kernel } = needs
  const ask = async (words: readonly string[], lackOf: (answer: Awaited<ReturnType<typeof capture>>) => string) => {
    const lacking = await Promise.all(
      nodes.map(async node => {
        const lack = lackOf(await capture(node, words, signal))
        return lack ? [`${node.name}: ${lack}`] : []
      }),
    )
    return lacking.flat()[0]
  }
  if (kinds) {
    const lack = await ask(['netns_test', 'prerequisites', ...kinds], ({ exitCode, stderr }) =>
      exitCode === 0 ? '' : stderr.toString().trim(),
    )
    if (lack) throw environmentFailure('NO_KIND', `${name} needs interfaces of kind ${kinds.join(', ')}: ${lack}`)
  }
  if (commands.length > 0) {
    const lack = await ask(['sh', '-c', LACKING, 'sh', ...commands], ({ stdout }) => {
      const missing = stdout.toString().trim().split('\n').filter(Boolean)
      return missing.length > 0 ? `has no ${missing.join(', ')}` : ''
    })
    if (lack) throw environmentFailure('NODE_LACKS', `${name} needs ${commands.join(', ')} on its nodes: ${lack}`)
  }
  if (kernel !== undefined) {
    const lack = await ask(['uname', '-r'], ({ stdout }) => {
      const release = stdout.toString().trim()
      return isOlder(release, kernel) ? `has ${release}` : ''
    })
    if (lack) throw environmentFailure('NODE_LACKS', `${name} needs Linux ${kernel} or later: ${lack}`)
  }
}

/** Prints the commands that a node does not have. */
const LACKING = 'for c; do command -v "$c" >/dev/null 2>&1 || echo "$c"; done'

/** Whether a kernel's release is older than a version. */
function isOlder(release: string, version: string): boolean {
  const [own, least] = [release, version].map(text => text.split(/[^\d]/).map(Number))
  for (const [index, number] of (least ?? []).entries()) {
    const difference = (own?.[index] ?? 0) - number
    if (difference !== 0) return difference < 0
  }
  return false
}

/** Codes of failures that skip an optional test: its requirements are not met. */
export const UNMET: readonly string[] = ['NO_KIND', 'NODE_LACKS']
