import type { Component } from '../../events/events.ts'
import { callersEnvironment } from '../../host/environment.ts'
import { requireLimits } from '../../host/limits.ts'
import { requireCommands, TO_RUN_NAMESPACES } from '../../host/requirements.ts'
import { countAndNames, countOfNodes } from '../../settings/nodes.ts'
import type { Settings } from '../../settings/settings.ts'
import type { Cluster, RunningCluster, StartRequest } from '../cluster.ts'
import { updateRecord } from '../own/cluster-record.ts'
import { nameBeside } from '../own/find-clusters.ts'
import { identityMessage } from '../own/identity.ts'
import { makeKeys } from '../own/keys.ts'
import { storeKey } from '../own/login.ts'
import { layOvls } from '../own/ovls.ts'
import { partsOf } from '../own/parts.ts'
import { attach, running } from '../own/running.ts'
import { claimToStart, commonIdentity, imageComponent, withState, withUsualOvls } from '../own/starting.ts'
import { ensureImage } from '../vm/image/cache.ts'
import { directories as asDirectories } from './layers.ts'
import { requireLinkKinds } from './link-kinds.ts'
import { logInOnNodes, recordOf } from './log-in.ts'
import { needsOf, requireNamespaces } from './needs.ts'
import { neighborCommands, readTablesWithRoom, requireNeighbors, wantsPermanent } from './neighbors.ts'
import { ensureImageTree } from './tree.ts'
import { readUserMaps } from './user-maps.ts'
import { startWorld } from './world.ts'

/** A cluster whose nodes are namespaces of this host's kernel, with the VMs' image as root. */
export const namespacesCluster = (settings: Settings): Cluster => ({
  kind: 'namespaces',
  prepare: async ({ emit, signal }) => {
    const onProgress = (text: string) => emit({ type: 'notice', text })
    const { directories, cluster } = settings
    await ensureImage({ cacheDirectory: directories.cache, guest: cluster.guest, onProgress, signal })
  },
  start: request => withState(settings, start(settings, request)),
  attach: request => withState(settings, attach(settings, request)),
})

async function start(settings: Settings, request: StartRequest): Promise<RunningCluster> {
  const { cluster, directories } = settings
  const { emit, signal } = request
  const notice = (text: string) => emit({ type: 'notice', text })
  const extra = withUsualOvls(settings, request.extraOvls)
  const name = request.beside ? nameBeside(directories.state, cluster.name) : cluster.name
  requireCommands(commandsFor(process.getuid?.()), callersEnvironment)
  const maps = readUserMaps()
  requireLimits(needsOf(cluster.nodes, settings.addressing.podsPerNode))
  const { kinds = [], neighbors = { kept: 0, flushed: 0, mayRetry: true } } = request.kernel ?? {}
  const tables = await readTablesWithRoom(neighbors, signal)
  const flushesNeighbors = requireNeighbors(neighbors, tables)
  requireNamespaces(cluster.nodes.length, settings.addressing.podsPerNode)
  const cache = { cacheDirectory: directories.cache, onProgress: notice, signal }
  const image = await ensureImage({ ...cache, guest: cluster.guest })
  const imageTree = ensureImageTree(image, cache)
  imageTree.catch(() => {}) // awaited below
  if (kinds.length > 0) await requireLinkKinds(kinds, await imageTree, request.test)
  signal.throwIfAborted()
  const report = (component: Component) => emit({ type: 'provenance', test: request.test, component })
  report({ name: 'node image', ...imageComponent(image) })

  const keys = makeKeys()
  const claim = { kind: 'namespaces', replace: cluster.replace, onNotice: notice } as const
  const { directory, reaper, stop, abandon } = await claimToStart(settings, name, keys, claim)
  try {
    const world = startWorld(directory, maps)
    storeKey(directory, keys.clientPrivateKey)
    const kind = `namespaces: ${countOfNodes(cluster.nodes)}`
    emit({ type: 'cluster-start', test: request.test, ...countAndNames(cluster.nodes), kind })
    const layers = { cacheDirectory: directories.cache, clusterDirectory: directory, signal }
    const [tree, ovls] = await Promise.all([
      imageTree,
      layOvls({
        ...layers,
        packing: settings.packing,
        extra,
        onLine: text => emit({ type: 'detail', text }),
        onComponent: report,
        form: asDirectories(layers),
      }),
    ])
    const identity = commonIdentity(settings, keys, ovls.length)
    const isLarge = wantsPermanent(cluster.nodes, tables)
    world.populate({
      layers: [tree, ...ovls],
      names: cluster.nodes.map(({ name }) => name),
      nodes: cluster.nodes.map(plan => identityMessage(plan, identity, false)),
      neighbours: cluster.nodes.map(plan =>
        isLarge ? neighborCommands(plan, cluster.nodes, identity.bareNets, identity.prefix) : '',
      ),
    })
    const nodes = await logInOnNodes({
      plans: cluster.nodes,
      world,
      clusterDirectory: directory,
      hostKey: keys.hostPublicKey,
      timeoutSeconds: settings.timeoutSeconds,
      emit,
      signal,
    })
    updateRecord(directory, { nodes: cluster.nodes.map(recordOf) })
    return running(settings, name, directory, nodes, {
      kind: 'namespaces',
      release: () => {
        world.release()
        reaper.release()
      },
      stop,
      endings: new Map(nodes.map(node => [node.name, world.ended(node.name)])),
      watched: partsOf(directory, cluster.nodes),
      tables,
      flushesNeighbors,
    })
  } catch (error) {
    throw await abandon(error, signal)
  }
}

/** Root maps users itself. */
const commandsFor = (uid: number | undefined) =>
  TO_RUN_NAMESPACES.filter(({ command }) => command !== 'newuidmap' || uid !== 0)
