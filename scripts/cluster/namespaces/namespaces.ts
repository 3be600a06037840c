import type { Component } from '../../events/events.ts'
import { callersEnvironment } from '../../host/environment.ts'
import { requireLimits } from '../../host/limits.ts'
import { requireCommands, TO_RUN_NAMESPACES } from '../../host/requirements.ts'
import { rndAddressesText } from '../../ovl/rnd-addresses.ts'
import { countAndNames, countOfNodes } from '../../settings/nodes.ts'
import type { Settings } from '../../settings/settings.ts'
import type { Cluster, RunningCluster, StartRequest } from '../cluster.ts'
import { hostsText } from '../own/addresses.ts'
import { isOwn, updateRecord } from '../own/cluster-record.ts'
import { nameBeside } from '../own/find-clusters.ts'
import { type CommonIdentity, identityMessage } from '../own/identity.ts'
import { makeKeys } from '../own/keys.ts'
import { storeKey } from '../own/login.ts'
import { readTables } from '../own/neighbour-tables.ts'
import { startOrphanReaper } from '../own/orphan-reaper.ts'
import { layOvls } from '../own/ovls.ts'
import { partsOf } from '../own/parts.ts'
import { claimCluster, destroyCluster } from '../own/registry.ts'
import { attach, running } from '../own/running.ts'
import { endChildren } from '../own/spawn.ts'
import { packagesOf, stoppedByOther, withState, withUsualOvls, XCLUSTERS_OWN } from '../own/starting.ts'
import { bareNetsOf, forwardingOf } from '../own/topologies.ts'
import { ensureImage } from '../vm/image/cache.ts'
import { directories as asDirectories } from './layers.ts'
import { requireLinkKinds } from './link-kinds.ts'
import { logInOnNodes, recordOf } from './log-in.ts'
import { needsOf, requireNamespaces } from './needs.ts'
import { neighbourCommands, requireNeighbours, wantsPermanent } from './neighbours.ts'
import { ensureImageTree } from './tree.ts'
import { readUserMaps } from './users.ts'
import { startWorld } from './world.ts'

/** The cluster whose nodes are namespaces of this host's kernel, with the VMs' image as their root. */
export const namespacesCluster = (settings: Settings): Cluster => ({
  kind: 'namespaces',
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
  const tables = readTables()
  const { kinds = [], neighbours = 0 } = request.kernel ?? {}
  requireNeighbours(neighbours, tables)
  requireNamespaces(cluster.nodes.length, settings.addressing.podsPerNode)
  const cache = { cacheDirectory: directories.cache, onProgress: notice, signal }
  const image = await ensureImage(cache)
  const treeMade = ensureImageTree(image, cache)
  treeMade.catch(() => {}) // waited for below
  if (kinds.length > 0) await requireLinkKinds(kinds, await treeMade, request.test)
  signal.throwIfAborted()
  const made = (component: Component) => emit({ type: 'provenance', test: request.test, component })
  made({ name: 'node image', version: packagesOf(image), digest: image.digest, place: image.directory })

  const keys = makeKeys()
  const claim = { kind: 'namespaces', replace: cluster.replace, onNotice: notice } as const
  const directory = await claimCluster(directories.state, name, keys.hostPublicKey, claim)
  const reaper = startOrphanReaper(name)
  const stop = async () => {
    // By our own handles, too: what was written down of them may be gone.
    await endChildren(directory)
    await destroyCluster(directories.state, name, 'own')
    reaper.release()
  }
  try {
    const world = startWorld(directory, maps)
    storeKey(directory, keys.clientPrivateKey)
    const kind = `namespaces: ${countOfNodes(cluster.nodes)}`
    emit({ type: 'cluster-start', test: request.test, ...countAndNames(cluster.nodes), kind })
    const layers = { cacheDirectory: directories.cache, clusterDirectory: directory, signal }
    const [tree, ovls] = await Promise.all([
      treeMade,
      layOvls({
        ...layers,
        packing: settings.packing,
        extra,
        onLine: text => emit({ type: 'detail', text }),
        onComponent: made,
        form: asDirectories(layers),
      }),
    ])
    const identity: CommonIdentity = {
      keys,
      environment: { ...XCLUSTERS_OWN, ...settings.guestEnvironment },
      prefix: settings.addressing.prefix,
      ovls: ovls.length,
      rndAddresses: rndAddressesText(settings.packing.seed),
      nodes: cluster.nodes,
      hosts: hostsText(cluster.nodes, settings.addressing.prefix),
      bareNets: bareNetsOf(cluster.topology),
      alsoForwarding: forwardingOf(cluster.topology),
    }
    const isLarge = wantsPermanent(cluster.nodes, tables)
    world.populate({
      layers: [tree, ...ovls],
      nodes: cluster.nodes.map(plan => identityMessage(plan, identity, false)),
      neighbours: cluster.nodes.map(plan =>
        isLarge ? neighbourCommands(plan, cluster.nodes, identity.bareNets, identity.prefix) : '',
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
    })
  } catch (error) {
    const isStopped = !isOwn(directory)
    await stop()
    // Whatever failed then, this is why.
    throw isStopped && !signal.aborted ? stoppedByOther(name, error) : error
  }
}

/** Root maps users itself. */
const commandsFor = (uid: number | undefined) =>
  TO_RUN_NAMESPACES.filter(({ command }) => command !== 'newuidmap' || uid !== 0)
