import { chooseKind } from '../../cluster/choose.ts'
import type { ClusterOperations, ClusterQuery } from '../../cluster/kind.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { withDeadline } from '../../host/deadline.ts'
import type { Environment } from '../../host/environment.ts'
import { ALL, provesReach, testCases } from '../../runner/registry.ts'
import type { Candidate, Completions, UserInput } from './source.ts'

/** Limit for a completion. */
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

export const nodes = async (typed: UserInput): Promise<Completions> =>
  named(await withCluster(typed, (kind, query) => kind.nodes(query)))

export const targets = async (partial: string, typed: UserInput): Promise<Completions> =>
  named(await targetNames(partial, typed))

export async function filesOrTargets(partial: string, typed: UserInput): Promise<Completions> {
  const isTarget = partial !== '' && !partial.includes(':')
  const found = isTarget ? await targetNames(partial, typed) : []
  const fitting = found.filter(name => name.startsWith(partial)).map(name => `${name}:`)
  return fitting.length > 0 ? named(fitting) : 'files'
}

/** Nodes are recorded on the host; PODs are read from the node. */
const targetNames = (partial: string, typed: UserInput): Promise<readonly string[]> =>
  withCluster(typed, async (kind, query) => {
    const names = await kind.nodes(query)
    const meant = names.filter(name => partial.startsWith(name) || names.length === 1)
    // Skips nodes that do not answer.
    const pods = await Promise.allSettled(meant.map(node => podsOf(kind, node, query)))
    return [...names, ...pods.flatMap(asked => (asked.status === 'fulfilled' ? asked.value : []))]
  })

/** Calls the kind of the selected cluster. */
async function withCluster<T>(
  { options, environment }: UserInput,
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
