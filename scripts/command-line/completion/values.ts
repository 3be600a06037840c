import { chooseKind } from '../../cluster/choose.ts'
import type { ClusterOperations, ClusterQuery } from '../../cluster/kind.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { withDeadline } from '../../host/deadline.ts'
import type { Environment } from '../../host/environment.ts'
import { ALL, provesReach, testCases } from '../../runner/registry.ts'
import type { Candidate, Completions, Typed } from './source.ts'

/** Nobody waits longer for a key. */
const PATIENCE_MS = 2000

const named = (names: readonly string[]): readonly Candidate[] => names.map(value => ({ value }))

const described = (tests: typeof testCases): readonly Candidate[] =>
  tests.map(({ name, summary }) => ({ value: name, description: summary }))

export function testsOrOvls(partial: string): Completions {
  const tests = [...described(testCases), { value: ALL, description: 'Every test, once' }]
  const found = tests.filter(({ value }) => value.startsWith(partial))
  return found.length > 0 ? found : 'files'
}

export const provingTests = (): Completions => described(testCases.filter(provesReach))

export async function clusterNames(environment: Environment): Promise<Completions> {
  const kinds = await Promise.all(KINDS.map(kind => kind.load()))
  return named(kinds.flatMap(kind => kind.names(environment)))
}

export const nodes = async (typed: Typed): Promise<Completions> =>
  named(await withCluster(typed, (kind, query) => kind.nodes(query)))

export const targets = async (partial: string, typed: Typed): Promise<Completions> =>
  named(await targetNames(partial, typed))

export async function filesOrTargets(partial: string, typed: Typed): Promise<Completions> {
  const isTarget = partial !== '' && !partial.includes(':')
  const found = isTarget ? await targetNames(partial, typed) : []
  const fitting = found.filter(name => name.startsWith(partial)).map(name => `${name}:`)
  return fitting.length > 0 ? named(fitting) : 'files'
}

/** Nodes come from what is recorded of a running cluster; its PODs only the node itself knows. */
const targetNames = (partial: string, typed: Typed): Promise<readonly string[]> =>
  withCluster(typed, async (kind, query) => {
    const names = await kind.nodes(query)
    const meant = names.filter(name => partial.startsWith(name) || names.length === 1)
    // A node that does not answer has no PODs to offer.
    const pods = await Promise.allSettled(meant.map(node => podsOf(kind, node, query)))
    return [...names, ...pods.flatMap(asked => (asked.status === 'fulfilled' ? asked.value : []))]
  })

/** Asks the kind of the cluster that is meant. */
async function withCluster<T>(
  { options, environment }: Typed,
  ask: (kind: ClusterOperations, query: ClusterQuery) => Promise<T>,
): Promise<T> {
  const chosen = { __name: options.get('--name'), __cluster: options.get('--cluster') }
  const kind = await chooseKind(chosen, environment).load()
  return await withDeadline(
    PATIENCE_MS,
    async ({ signal }) => await ask(kind, { options: chosen, environment, signal }),
  )
}

async function podsOf(kind: ClusterOperations, name: string, query: ClusterQuery): Promise<readonly string[]> {
  const { readNetwork } = await import('../../proof/network.ts')
  const node = await kind.enter(name, query)
  try {
    const [facts] = await readNetwork([node], query.signal)
    return facts?.pods.map(pod => pod.name) ?? []
  } finally {
    node.connection.close()
  }
}
