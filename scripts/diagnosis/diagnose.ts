import type { Answer } from '../proof/answers.ts'
import { kindOf, type NodeFacts } from '../proof/facts.ts'
import type { Matrix } from '../proof/matrix.ts'
import type { PodAddress, Source } from '../proof/network.ts'
import { isExpected } from '../proof/reach.ts'
import { summarize, type WrongPair } from '../proof/summary.ts'
import type { Cause, Diagnosis } from './cause.ts'
import type { AllFilters } from './filters.ts'
import { groupPairs } from './groups.ts'
import { isUp, type Namespace, namespacesOf, ownDevices } from './namespaces.ts'
import { linksDown, type Obstacle } from './obstacle.ts'
import { PathTracer } from './path-tracer.ts'

/** Output of a step that failed on a node. */
export interface StepOutput {
  readonly node: string
  readonly why: string
  readonly lastLines: readonly string[]
}

/** Pairs whose paths are traced; a sample if there are more. */
const MAX_FOLLOWED = 3000
/** Message of ovl/default/usr/lib/netns/ping.sh. */
const NO_ANSWER = /no answer to ping: ([\w.-]+), address ([0-9a-f.:]+)/g

/**
 * Finds likely causes of missing pairs in the state of the nodes: interfaces that are down, missing addresses and
 * routes, disabled forwarding, rules that drop packets. An obstacle counts only if no pair answered across it.
 * @param network when the matrix was measured
 * @param filters of the namespaces where they are known
 */
export function diagnoseMatrix(
  network: readonly NodeFacts[],
  matrix: Matrix,
  filters: AllFilters = new Map(),
): Diagnosis {
  const { wrong } = summarize(matrix)
  const missing = wrong.filter(({ what }) => what === 'missing')
  const causes = missing.length === 0 ? [] : causesOf(new PathTracer(network, filters), matrix, missing)
  return { causes, groups: groupPairs(matrix, wrong, causes) }
}

/**
 * Finds likely causes of a failed step: obstacles to its unanswered pings; without any, NICs that are down on the nodes
 * where it failed.
 * @param network after the step
 * @param filters of the namespaces where they are known
 */
export function diagnoseStep(
  network: readonly NodeFacts[],
  failures: readonly StepOutput[],
  filters: AllFilters = new Map(),
): Diagnosis {
  const tracer = new PathTracer(network, filters)
  const found = new Map<string, Counted>()
  const pings = unanswered(failures)
  for (const { node, pod, address } of pings)
    for (const obstacle of tracer.obstaclesFromNode(node, pod, address)) add(found, obstacle)
  if (pings.length === 0) for (const obstacle of downNics(network, failures)) add(found, obstacle)
  return { causes: ranked(found).map(({ obstacle: { subject, node, what } }) => ({ subject, node, what })), groups: [] }
}

/** NICs that are down on a failed node, and up on one that passed. */
function downNics(network: readonly NodeFacts[], failures: readonly StepOutput[]): readonly Obstacle[] {
  const hasFailed = ({ node }: { readonly node: string }) => failures.some(failure => failure.node === node)
  const nodes = namespacesOf(network).filter(({ isPod }) => !isPod)
  const cards = (namespace: Namespace) => ownDevices(namespace).filter(device => kindOf(device) === 'nic')
  const needed = new Set(
    nodes
      .filter(node => !hasFailed(node))
      .flatMap(node => cards(node).flatMap(card => (isUp(card) ? [card.ifname] : []))),
  )
  return nodes
    .filter(hasFailed)
    .flatMap(namespace =>
      linksDown(
        cards(namespace).flatMap(device => (!isUp(device) && needed.has(device.ifname) ? [{ namespace, device }] : [])),
      ),
    )
}

/** Unanswered pings in the output of steps. */
const unanswered = (failures: readonly StepOutput[]) =>
  failures.flatMap(({ node, why, lastLines }) =>
    [...[why, ...lastLines].join('\n').matchAll(NO_ANSWER)].map(([, pod = '', address = '']) => ({
      node,
      pod,
      address,
    })),
  )

/**
 * The PODs whose filters are worth reading: those with the most missing pairs or, without a matrix, unanswered pings.
 * @param most maximum number of PODs
 */
export function suspectPods(
  failures: readonly StepOutput[],
  matrix: Matrix | undefined,
  most: number,
): readonly Source[] {
  const wrong = matrix ? summarize(matrix).wrong.filter(({ what }) => what === 'missing') : []
  const ends = matrix ? wrong.flatMap(({ source, destination }) => [source, destination]) : unanswered(failures)
  const found = new Map<string, { readonly source: Source; count: number }>()
  for (const { pod, node } of ends) {
    const known = found.get(pod) ?? { source: { pod, node }, count: 0 }
    known.count++
    found.set(pod, known)
  }
  return [...found.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, most)
    .map(({ source }) => source)
}

interface Counted {
  readonly obstacle: Obstacle
  count: number
}

const keyOf = ({ node, subject, what }: Obstacle) => `${node} ${subject} ${what}`

function add(found: Map<string, Counted>, obstacle: Obstacle): void {
  const known = found.get(keyOf(obstacle)) ?? { obstacle, count: 0 }
  known.count++
  found.set(keyOf(obstacle), known)
}

const ranked = (found: ReadonlyMap<string, Counted>): readonly Counted[] =>
  [...found.values()].sort((a, b) => b.count - a.count)

function causesOf(tracer: PathTracer, matrix: Matrix, missing: readonly WrongPair[]): readonly Cause[] {
  const followed = sample(missing, MAX_FOLLOWED)
  const found = new Map<string, Counted>()
  for (const { source, destination } of followed)
    for (const obstacle of tracer.obstacles(source, destination)) add(found, obstacle)
  if (found.size === 0) return []
  const subjects = new Set([...found.values()].map(({ obstacle: { subject } }) => subject))
  // It does not count if a pair answered across it.
  for (const { source, destination } of sample(answered(matrix, subjects), MAX_FOLLOWED))
    for (const obstacle of tracer.obstacles(source, destination)) found.delete(keyOf(obstacle))
  const each = missing.length / followed.length
  return ranked(found).map(({ obstacle: { subject, node, what }, count }) => ({
    subject,
    node,
    what,
    pairs: Math.round(count * each),
  }))
}

/** Expected pairs that answered, from or to the subjects; all of them if a subject has no PODs (a router). */
function answered({ reach, sources, destinations, rows }: Matrix, subjects: ReadonlySet<string>) {
  const names = new Set(sources.flatMap(({ pod, node }) => [pod, node]))
  const all = [...subjects].some(subject => !names.has(subject))
  const concerns = ({ pod, node }: Source) => subjects.has(pod) || subjects.has(node)
  const isGood = (answer: Answer | undefined, source: Source, destination: PodAddress) =>
    answer !== undefined && answer.received > 0 && isExpected(reach, source, destination)
  return sources.flatMap((source, row) =>
    destinations.flatMap((destination, column) =>
      (all || concerns(source) || concerns(destination)) && isGood(rows[row]?.[column], source, destination)
        ? [{ source, destination }]
        : [],
    ),
  )
}

/** At most `most` values, evenly spaced. */
function sample<T>(values: readonly T[], most: number): readonly T[] {
  if (values.length <= most) return values
  return Array.from({ length: most }, (_, index) => values[Math.floor((index * values.length) / most)] as T)
}
