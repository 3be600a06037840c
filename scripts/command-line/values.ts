import { ALL, testCases } from '../cases/registry.ts'
import { findCluster, findClusters, type NodeRecord } from '../cluster/vm/registry.ts'
import { withDeadline } from '../host/deadline.ts'
import { REPORTER_NAMES } from '../report/names.ts'
import { readClusterName, readDirectories } from '../settings/settings.ts'
import type { Environment } from '../settings/sources.ts'
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
    const { state } = readDirectories(environment)
    switch (meaning) {
      case 'words':
        return testsOrFiles(partial)
      case 'test':
        return tests()
      case 'name[=target]':
        return named(REPORTER_NAMES)
      case 'cluster':
        return named(findClusters(state).map(({ name }) => name))
      case 'node':
        return named(runningNodes(state, typed, environment).nodes.map(({ name }) => name))
      case 'target':
      case 'node|pod':
        return named(await targets(state, partial, typed, environment))
      case 'source':
      case 'destination':
        return await filesOrTargets(state, partial, typed, environment)
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

/** The nodes of the cluster that is meant: none where it does not run. */
function runningNodes(state: string, { options }: Typed, environment: Environment) {
  const found = findCluster(state, readClusterName({ __name: options.get('--name') }, environment))
  const record = found?.condition === 'abandoned' ? undefined : found?.record
  return { directory: found?.directory ?? '', hostKey: record?.hostKey ?? '', nodes: record?.nodes ?? [] }
}

async function targets(state: string, partial: string, typed: Typed, environment: Environment) {
  const { directory, hostKey, nodes } = runningNodes(state, typed, environment)
  const meant = nodes.filter(({ name }) => (partial.startsWith(name) || nodes.length === 1) && name !== '')
  // One that does not answer has no PODs to offer.
  const pods = await Promise.allSettled(meant.map(node => podsOf(directory, node, hostKey)))
  return [...nodes.map(({ name }) => name), ...pods.flatMap(asked => (asked.status === 'fulfilled' ? asked.value : []))]
}

async function podsOf(directory: string, record: NodeRecord, hostKey: string): Promise<readonly string[]> {
  const [{ logIn }, { readNetwork }] = await Promise.all([
    import('../cluster/vm/login.ts'),
    import('../proof/network.ts'),
  ])
  return await withDeadline(PATIENCE_MS, async ({ signal }) => {
    const node = await logIn(directory, record, hostKey, signal)
    try {
      const [facts] = await readNetwork([node], signal)
      return facts?.pods.map(({ name }) => name) ?? []
    } finally {
      node.connection.close()
    }
  })
}

/** `vm-001:`, where the beginning of a VM is typed; else a file of this host. */
async function filesOrTargets(state: string, partial: string, typed: Typed, environment: Environment) {
  const isTarget = partial !== '' && !partial.includes(':')
  const found = isTarget ? await targets(state, partial, typed, environment) : []
  const fitting = found.filter(name => name.startsWith(partial)).map(name => `${name}:`)
  return fitting.length > 0 ? named(fitting) : 'files'
}
