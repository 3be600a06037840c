import { chooseKind } from '../../cluster/choose.ts'
import type { ClusterOperations, ClusterQuery } from '../../cluster/kind.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { withDeadline } from '../../host/deadline.ts'
import type { Environment } from '../../host/environment.ts'
import { REPORTER_NAMES } from '../../reporters/names.ts'
import { ALL, testCases } from '../../runner/registry.ts'
import type { Candidate, Completions, Typed, ValuesOf } from './complete.ts'

/** Nobody waits longer for a key. */
const PATIENCE_MS = 2000

const named = (names: readonly string[]): readonly Candidate[] => names.map(value => ({ value }))

/**
 * The values of options and arguments, by what the help calls them. Nodes come from what is written down of a running cluster; its
 * PODs only the VM itself knows: the one whose name is typed is asked.
 */
export const valuesIn =
  (environment: Environment): ValuesOf =>
  async (meaning, partial, typed) => {
    switch (meaning) {
      case 'words':
        return testsOrFiles(partial)
      case 'test':
        return tests()
      case 'name[=target]':
        return named(REPORTER_NAMES)
      case 'cluster':
        return named(await clusterNames(environment))
      case 'node':
        return named(await withCluster(typed, environment, (kind, query) => kind.nodes(query)))
      case 'target':
      case 'node|pod':
        return named(await targets(partial, typed, environment))
      case 'source':
      case 'destination':
        return await filesOrTargets(partial, typed, environment)
      case 'file':
      case 'directory':
      case 'place':
      case 'results':
        return 'files'
      default:
        return meaning.includes('|') ? named(meaning.split('|')) : []
    }
  }

const tests = (): readonly Candidate[] => [
  ...testCases.map(({ name, summary }) => ({ value: name, description: summary })),
  { value: ALL, description: 'Every test, once' },
]

/** Tests, and directories of ovls. */
function testsOrFiles(partial: string): Completions {
  const found = tests().filter(({ value }) => value.startsWith(partial))
  return found.length > 0 ? found : 'files'
}

async function clusterNames(environment: Environment): Promise<readonly string[]> {
  const kinds = await Promise.all(KINDS.map(kind => kind.load()))
  return kinds.flatMap(kind => kind.names(environment))
}

/** Asks the kind of the cluster that is meant. */
async function withCluster<T>(
  { options }: Typed,
  environment: Environment,
  ask: (kind: ClusterOperations, query: ClusterQuery) => Promise<T>,
): Promise<T> {
  const chosen = { __name: options.get('--name'), __cluster: options.get('--cluster') }
  const kind = await chooseKind(chosen, environment).load()
  return await withDeadline(
    PATIENCE_MS,
    async ({ signal }) => await ask(kind, { options: chosen, environment, signal }),
  )
}

const targets = (partial: string, typed: Typed, environment: Environment): Promise<readonly string[]> =>
  withCluster(typed, environment, async (kind, query) => {
    const nodes = await kind.nodes(query)
    const meant = nodes.filter(name => partial.startsWith(name) || nodes.length === 1)
    // One that does not answer has no PODs to offer.
    const pods = await Promise.allSettled(meant.map(node => podsOf(kind, node, query)))
    return [...nodes, ...pods.flatMap(asked => (asked.status === 'fulfilled' ? asked.value : []))]
  })

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

/** `vm-001:`, where the beginning of a VM is typed; else a file of this host. */
async function filesOrTargets(partial: string, typed: Typed, environment: Environment) {
  const isTarget = partial !== '' && !partial.includes(':')
  const found = isTarget ? await targets(partial, typed, environment) : []
  const fitting = found.filter(name => name.startsWith(partial)).map(name => `${name}:`)
  return fitting.length > 0 ? named(fitting) : 'files'
}
