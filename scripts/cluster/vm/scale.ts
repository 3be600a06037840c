import fs from 'node:fs'
import path from 'node:path'
import { usageFailure } from '../../errors/failure.ts'
import type { Emit } from '../../events/events.ts'
import { killProcesses } from '../../host/processes.ts'
import { type NodePlan, nodeName } from '../../settings/nodes.ts'
import type { Settings } from '../../settings/settings.ts'
import { hostsText } from '../own/addresses.ts'
import { updateRecord } from '../own/cluster-record.ts'
import { processNamed } from '../own/find-clusters.ts'
import { adoptCluster } from '../own/registry.ts'
import { startVms } from './boot.ts'
import { type JoinParameters, readJoinParameters, storeJoinParameters } from './join-parameters.ts'
import { checkMemory } from './memory-needs.ts'
import { switchDirectory } from './sockets.ts'
import { startSwitches } from './switches.ts'
import { hardwareOf } from './template/hardware.ts'
import { findTemplates } from './vm.ts'

/**
 * Adds nodes to a cluster that was left running, and leaves it running.
 * @param plans of the new nodes
 * @throws Failure NODE_EXISTS (exit 2), NO_CLUSTER, CLUSTER_IN_USE, NO_MEMORY (exit 3), or as {@link startVms} (exit
 *   4); the new nodes are stopped then, the others keep running
 */
export async function scaleOut(
  { cluster, directories, addressing, timeoutSeconds }: Settings,
  plans: readonly NodePlan[],
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  const { directory, record } = await adoptCluster(directories.state, cluster.name)
  try {
    const parameters = readJoinParameters(directory)
    const existing = plans.find(plan => parameters.plans.some(({ number }) => number === plan.number))
    if (existing) throw usageFailure('NODE_EXISTS', `${existing.name} is already running in cluster '${cluster.name}'`)
    checkMemory(plans, { cold: cluster.cold, podsPerNode: addressing.podsPerNode })
    const all = [...parameters.plans, ...plans].sort((a, b) => a.number - b.number)
    await startMissingSwitches(directory, all, signal)
    const { parts, image, slots } = parameters
    const onProgress = (text: string) => emit({ type: 'notice', text })
    const request = { cacheDirectory: directories.cache, clusterDirectory: directory, image, slots, onProgress, signal }
    const templates = cluster.cold
      ? new Map()
      : await findTemplates(plans, { ...request, accelerator: parts.accelerator })
    const started = await startVms({
      plans,
      clusterDirectory: directory,
      parts,
      templateOf: plan => templates.get(JSON.stringify(hardwareOf(plan))),
      identity: { ...parameters.identity, nodes: all, hosts: hostsText(all, parameters.identity.prefix) },
      timeoutSeconds,
      onQemu: () => {},
      emit,
      signal,
    })
    for (const { node, machine } of started) {
      node.connection.close()
      machine.release()
    }
    const nodes = [...record.nodes, ...started.map(added => added.record)].sort((a, b) => a.number - b.number)
    storeJoinParameters(directory, { ...parameters, plans: all })
    updateRecord(directory, { nodes })
  } catch (error) {
    const known = new Set(record.nodes.map(({ name }) => name))
    await endNodes(
      directory,
      plans.filter(({ name }) => !known.has(name)),
    )
    throw error
  } finally {
    updateRecord(directory, { kept: true })
  }
}

/**
 * Stops nodes of a cluster that was left running; the others keep running.
 * @throws Failure NO_SUCH_NODE (exit 2), NO_CLUSTER, CLUSTER_IN_USE (exit 3)
 */
export async function scaleIn({ cluster, directories }: Settings, numbers: readonly number[]): Promise<void> {
  const { directory, record } = await adoptCluster(directories.state, cluster.name)
  try {
    const missing = numbers.find(number => !record.nodes.some(node => node.number === number))
    if (missing !== undefined)
      throw usageFailure('NO_SUCH_NODE', `cluster '${cluster.name}' has no ${nodeName(missing)}`)
    const parameters = readJoinParameters(directory)
    const stays = ({ number }: { readonly number: number }) => !numbers.includes(number)
    // Recorded before they stop, so that no other process takes them for nodes that died.
    storeJoinParameters(directory, { ...parameters, plans: parameters.plans.filter(stays) } satisfies JoinParameters)
    updateRecord(directory, { nodes: record.nodes.filter(stays) })
    await endNodes(
      directory,
      record.nodes.filter(node => !stays(node)),
    )
  } finally {
    updateRecord(directory, { kept: true })
  }
}

async function endNodes(directory: string, nodes: readonly { readonly name: string }[]): Promise<void> {
  await killProcesses(nodes.flatMap(({ name }) => processNamed(directory, name) ?? []))
  for (const { name } of nodes) {
    for (const file of fs.readdirSync(directory).filter(entry => path.parse(entry).name === name))
      fs.rmSync(path.join(directory, file), { force: true })
  }
}

async function startMissingSwitches(directory: string, plans: readonly NodePlan[], signal: AbortSignal): Promise<void> {
  const nets = [...new Set(plans.flatMap(plan => plan.nets))].filter(net => net > 0)
  const missing = nets.filter(net => !fs.existsSync(path.join(directory, switchDirectory(net))))
  await startSwitches(directory, missing, plans.length, signal)
}
