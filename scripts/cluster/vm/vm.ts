import fs from 'node:fs'
import type { Component } from '../../events/events.ts'
import { callersEnvironment } from '../../host/environment.ts'
import { requireLimits } from '../../host/limits.ts'
import { forArchitectures, requireCommands, TO_RUN } from '../../host/requirements.ts'
import { countAndNames, countOfVms, type NodePlan } from '../../settings/nodes.ts'
import type { Settings } from '../../settings/settings.ts'
import type { Cluster, PrepareRequest, RunningCluster, StartRequest } from '../cluster.ts'
import { updateRecord } from '../own/cluster-record.ts'
import { clusterDirectory, nameBeside } from '../own/find-clusters.ts'
import { makeKeys } from '../own/keys.ts'
import { storeKey } from '../own/login.ts'
import { layOvls } from '../own/ovls.ts'
import { partsOf } from '../own/parts.ts'
import { attach, running } from '../own/running.ts'
import { claimToStart, commonIdentity, imageComponent, withState, withUsualOvls } from '../own/starting.ts'
import { chooseAccelerator, describeAccelerator, emulationNotice } from './accelerator/choose.ts'
import { startVms } from './boot.ts'
import { ensureImage } from './image/cache.ts'
import { ensurePlugins } from './image/plugins.ts'
import { storeJoinParameters } from './join-parameters.ts'
import { checkMemory } from './memory-needs.ts'
import { needsOf, requireSlots } from './needs.ts'
import { requireSocketNames } from './sockets.ts'
import { startSwitches } from './switches.ts'
import { hardwareOf } from './template/hardware.ts'
import { ensureTemplate, type Template, type TemplateRequest } from './template/template.ts'

/** A cluster of QEMU VMs. */
export const vmCluster = (settings: Settings): Cluster => ({
  kind: 'embedded',
  prepare: async request => await prepare(settings, request),
  start: request => withState(settings, start(settings, request)),
  attach: request => withState(settings, attach(settings, request)),
})

/** Builds what the guest lacks in the cache, so that a run does not stop for it halfway. */
async function prepare({ cluster, directories }: Settings, { emit, signal }: PrepareRequest): Promise<void> {
  const onProgress = (text: string) => emit({ type: 'notice', text })
  const { guest } = cluster
  requireCommands(forArchitectures(TO_RUN, [guest.architecture]), callersEnvironment)
  await ensureImage({ cacheDirectory: directories.cache, guest, onProgress, signal })
  await ensurePlugins(guest, { cacheDirectory: directories.cache, onProgress, signal })
}

async function start(settings: Settings, request: StartRequest): Promise<RunningCluster> {
  const { cluster, directories } = settings
  const { emit, signal } = request
  const notice = (text: string) => emit({ type: 'notice', text })
  const extra = withUsualOvls(settings, request.extraOvls)
  const nets = switchedNets(cluster.nodes)
  const name = request.beside ? nameBeside(directories.state, cluster.name) : cluster.name
  requireSocketNames(clusterDirectory(directories.state, name), nets)
  requireLimits(needsOf(cluster.nodes))
  requireSlots(cluster.nodes, extra.length + 1)
  const { guest } = cluster
  requireCommands(forArchitectures(TO_RUN, [guest.architecture]), callersEnvironment)
  const image = await ensureImage({ cacheDirectory: directories.cache, guest, onProgress: notice, signal })
  const accelerator = await chooseAccelerator({
    requested: cluster.accelerator,
    image,
    cacheDirectory: directories.cache,
    onNotice: notice,
    signal,
  })
  signal.throwIfAborted()
  const emulation = emulationNotice(accelerator, cluster.accelerator, guest.architecture)
  if (emulation) emit({ type: 'notice', text: emulation, once: true })
  const onComponent = (component: Component) => emit({ type: 'provenance', test: request.test, component })
  onComponent({ name: 'guest kernel', version: image.kernelVersion })
  onComponent({ name: 'guest image', ...imageComponent(image) })
  onComponent({ name: 'accelerator', version: accelerator.kind })

  const keys = makeKeys()
  const claim = { replace: cluster.replace, onNotice: notice }
  const { directory, reaper, stop, abandon } = await claimToStart(settings, name, keys, claim)
  try {
    // Not earlier: the memory of a cluster that this one replaces is free only now.
    checkMemory(cluster.nodes, { cold: cluster.cold, podsPerNode: settings.addressing.podsPerNode })
    storeKey(directory, keys.clientPrivateKey)
    const kind = `embedded: ${countOfVms(cluster.nodes)}, ${describeAccelerator(accelerator)}`
    emit({ type: 'cluster-start', test: request.test, ...countAndNames(cluster.nodes), kind })
    const [ovls] = await Promise.all([
      layOvls({
        cacheDirectory: directories.cache,
        clusterDirectory: directory,
        packing: settings.packing,
        extra,
        onLine: text => emit({ type: 'detail', text }),
        onComponent,
        signal,
      }),
      startSwitches(directory, nets, cluster.nodes.length + (request.spare ?? 0), signal),
    ])
    const disks = [image.root, ...ovls]
    const slots = ovls.map(file => fs.statSync(file).size)
    const templates = cluster.cold
      ? new Map<string, Template>()
      : await findTemplates(cluster.nodes, {
          cacheDirectory: directories.cache,
          clusterDirectory: directory,
          image,
          accelerator: accelerator.kind,
          slots,
          onProgress: notice,
          signal,
        })
    const identity = commonIdentity(settings, keys, ovls.length)
    const parts = { ...image, disks, accelerator: accelerator.kind }
    const started = await startVms({
      plans: cluster.nodes,
      clusterDirectory: directory,
      parts,
      templateOf: plan => templates.get(JSON.stringify(hardwareOf(plan))),
      identity,
      timeoutSeconds: settings.timeoutSeconds,
      onQemu: version => onComponent({ name: 'qemu', version }),
      emit,
      signal,
    })
    storeJoinParameters(directory, { parts, image, identity, slots, plans: cluster.nodes })
    updateRecord(directory, { nodes: started.map(({ record }) => record) })
    const release = () => {
      for (const { machine } of started) machine.release()
      reaper.release()
    }
    const watched = partsOf(directory, cluster.nodes)
    const endings = new Map(started.map(({ node, machine }) => [node.name, machine.ended]))
    return running(
      settings,
      name,
      directory,
      started.map(({ node }) => node),
      { release, stop, endings, watched },
    )
  } catch (error) {
    throw await abandon(error, signal)
  }
}

/**
 * Finds or saves a template for each hardware in a cluster. Nodes without one boot, which takes longer; a notice says
 * why.
 * @throws the signal's reason when it is aborted
 */
export async function findTemplates(
  plans: readonly NodePlan[],
  request: TemplateRequest,
): Promise<ReadonlyMap<string, Template>> {
  const templates = new Map<string, Template>()
  for (const plan of plans) {
    const hardware = hardwareOf(plan)
    const key = JSON.stringify(hardware)
    if (templates.has(key)) continue
    try {
      templates.set(key, await ensureTemplate(hardware, request))
    } catch (error) {
      request.signal.throwIfAborted()
      request.onProgress(`${(error as Error).message}; falling back to cold boots`)
      break
    }
  }
  return templates
}

/** All nets except 0, which is private to each VM. */
const switchedNets = (plans: readonly NodePlan[]): readonly number[] =>
  [...new Set(plans.flatMap(plan => plan.nets))].filter(net => net > 0).sort((a, b) => a - b)
