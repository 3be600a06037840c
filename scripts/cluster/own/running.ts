import { setTimeout as delay } from 'node:timers/promises'
import { environmentFailure } from '../../errors/failure.ts'
import { countAndNames, countOfNodes, countOfVms } from '../../settings/nodes.ts'
import type { Settings } from '../../settings/settings.ts'
import { allOrNone, type Node } from '../../ssh/node.ts'
import type { NodeDiagnosis, RunningCluster, StartRequest } from '../cluster.ts'
import { type ClusterRecord, requireOwnCluster, updateRecord } from './cluster-record.ts'
import { consoleTail, readConsole } from './consoles.ts'
import { processNamed } from './find-clusters.ts'
import { logIn } from './login.ts'
import { hasRoom, type NeighborTable, readTables, requireNoOverflow } from './neighbor-tables.ts'
import { type Part, partsOf, requireParts } from './parts.ts'
import { adoptCluster, destroyCluster, renameCluster } from './registry.ts'

const CONSOLE_LINES = 10

/**
 * Logs in on the nodes of a running cluster.
 * @throws Failure NO_CLUSTER or CLUSTER_IN_USE (exit 3), and those of the login
 */
export async function attach(
  settings: Settings,
  { emit, test, kernel, signal }: StartRequest,
): Promise<RunningCluster> {
  const { directories, cluster } = settings
  const { directory, record } = await adoptCluster(directories.state, cluster.name)
  if (record.nodes.length === 0) throw environmentFailure('NO_CLUSTER', `cluster '${cluster.name}' never came up`)
  emit({
    type: 'cluster-start',
    test,
    ...countAndNames(record.nodes),
    kind: `${describeKind(record)}, running already`,
  })
  const nodes = await allOrNone(record.nodes.map(node => logIn(directory, node, record.hostKey, signal)))
  const stop = async () => {
    await destroyCluster(directories.state, cluster.name, 'own')
  }
  const watched = partsOf(directory, record.nodes)
  const { kind } = record
  // The running cluster decides, not the requested kind.
  const tables = kind === 'namespaces' ? readTables() : []
  return running(settings, cluster.name, directory, nodes, {
    kind,
    release: () => {},
    stop,
    endings: new Map(),
    watched,
    tables,
    flushesNeighbors: !hasRoom(kernel?.neighbors.kept ?? 0, tables),
  })
}

const describeKind = ({ kind, nodes }: ClusterRecord): string =>
  kind === undefined ? `embedded: ${countOfVms(nodes)}` : `${kind}: ${countOfNodes(nodes)}`

/** How this process leaves a cluster. */
export interface Ending {
  readonly kind?: ClusterRecord['kind']
  readonly release: () => void
  readonly stop: () => Promise<void>
  /** Resolves with the reason when a node ends. */
  readonly endings: ReadonlyMap<string, Promise<string>>
  /** Processes that must keep running. */
  readonly watched: readonly Part[]
  /** The host's neighbor tables before the start, if nodes share them: they must not overflow. */
  readonly tables?: readonly NeighborTable[]
  readonly flushesNeighbors?: boolean
}

/**
 * A running cluster of this process.
 * @param startedAs its name, which `keep` changes to that in the settings if another cluster had it
 * @param ending how this process leaves it
 */
export function running(
  settings: Settings,
  startedAs: string,
  directory: string,
  nodes: readonly Node[],
  ending: Ending,
): RunningCluster {
  const wanted = settings.cluster.name
  let name = startedAs
  const disconnect = () => {
    for (const node of nodes) node.connection.close()
  }
  return {
    get name() {
      return name
    },
    nodes,
    flushesNeighbors: ending.flushesNeighbors ?? false,
    keep: async () => {
      disconnect()
      try {
        updateRecord(directory, { kept: true })
        if (await renameCluster(settings.directories.state, name, wanted)) name = wanted
      } catch (error) {
        await ending.stop()
        throw error
      }
      ending.release()
    },
    verify: async passedByAnswers => {
      requireOwnCluster(directory)
      requireParts(ending.watched)
      if (ending.tables && !passedByAnswers) requireNoOverflow(ending.tables, readTables())
    },
    stop: async () => {
      disconnect()
      await ending.stop()
    },
    console: async node => readConsole(directory, node.name),
    diagnose: async node => ({
      ...(await diagnoseNode(directory, node.name, ending)),
      console: consoleTail(directory, node.name, CONSOLE_LINES),
    }),
  }
}

/** The sockets of a process are closed a moment before its end is known. */
const END_FOLLOWS_MS = 500

async function diagnoseNode(
  directory: string,
  name: string,
  { kind, endings }: Ending,
): Promise<Omit<NodeDiagnosis, 'console'>> {
  const what = kind === undefined ? 'its QEMU' : 'its first process'
  const ended = endings.get(name)?.then(how => ({ gone: true, how: `${what} ${how}` }))
  if (!ended && !processNamed(directory, name)) return { gone: true, how: `${what} ended` }
  const goesOn = delay(END_FOLLOWS_MS, { gone: false, how: `${what} still runs` }, { ref: false })
  return await Promise.race([...(ended ? [ended] : []), goesOn])
}
