import process from 'node:process'
import { usageFailure } from '../errors/failure.ts'
import { Connection } from '../node/connection.ts'
import { allOrNone, type Node } from '../node/node.ts'
import { roleOf } from '../settings/nodes.ts'
import type { ClusterKind, Settings } from '../settings/settings.ts'
import { markUse } from './users.ts'
import { logIn } from './vm/login.ts'
import { meantCluster, requireCluster } from './vm/registry.ts'
import { loginOf } from './xcluster/login.ts'
import { xclusterDirectory } from './xcluster/record.ts'

/** A VM's name, also as a part of its PODs', with whatever $NAME_PREFIX put in front. */
const VM_NAME = /vm-(\d{3})/

/**
 * Logs in on a VM of a cluster that runs.
 * @param target the VM's name `vm-002`, or that of a POD in it: `vm-002-ns03`
 * @param clusterName of an embedded one
 * @throws Failure NO_CLUSTER (exit 3), NO_SUCH_NODE (exit 2), SSH_REFUSED (exit 4); the signal's reason when that is aborted
 */
export async function enter(
  target: string,
  kind: ClusterKind,
  clusterName: string,
  stateDirectory: string,
  signal: AbortSignal,
): Promise<Node> {
  const [name, digits] = VM_NAME.exec(target) ?? []
  const use = `${process.argv[2]} ${target}`
  if (kind === 'xcluster') {
    const number = Number(digits)
    const role = roleOf(number)
    if (!name || !role) throw noSuchNode(target, 'of xcluster', 'VMs are called like vm-001')
    markUse(xclusterDirectory(stateDirectory), use)
    return { name, number, role, connection: await Connection.open(loginOf({ name, number }), { signal }) }
  }
  const { directory, record } = requireCluster(stateDirectory, clusterName)
  const node = record.nodes.find(candidate => candidate.name === name)
  if (node) {
    markUse(directory, use)
    return await logIn(directory, node, record.hostKey, signal)
  }
  const names = record.nodes.map(candidate => candidate.name).join(' ')
  throw noSuchNode(target, `of cluster '${clusterName}'`, `VMs are ${names}`)
}

/**
 * Logs in on all VMs of a cluster that runs.
 * @throws Failure NO_CLUSTER (exit 3), SSH_REFUSED (exit 4)
 */
export async function logInOnAll(settings: Settings, signal: AbortSignal): Promise<readonly Node[]> {
  if (settings.xcluster) {
    return await allOrNone(
      settings.cluster.nodes.map(async ({ name, number, role }) => {
        const connection = await Connection.open(loginOf({ name, number }), { signal })
        return { name, number, role, connection }
      }),
    )
  }
  const { directory, record } = requireCluster(settings.directories.state, clusterOf(settings))
  return await allOrNone(record.nodes.map(node => logIn(directory, node, record.hostKey, signal)))
}

/** The cluster that the settings name, or that is meant where they name none. */
function clusterOf({ directories, cluster, origins }: Settings): string {
  const isNamed = origins.some(({ name, origin }) => name === '__name' && origin !== 'default')
  return isNamed ? cluster.name : meantCluster(directories.state, cluster.name)
}

const noSuchNode = (target: string, where: string, vms: string) =>
  usageFailure('NO_SUCH_NODE', `'${target}' is no VM or POD ${where}`, {
    hint: `${vms}, PODs are called like vm-001-ns01, other network namespaces like vm-001/name`,
  })
