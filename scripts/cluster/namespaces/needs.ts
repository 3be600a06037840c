import fs from 'node:fs'
import { environmentFailure } from '../../errors/failure.ts'
import type { Needs } from '../../host/limits.ts'
import type { NodePlan } from '../../settings/nodes.ts'

/** Files that this program has open itself, and for each node: four connections at once, and one of the world's. */
const FILES_OF_RUNNER = 64
const FILES_OF_NODE = 5
/** The world's two, this program's threads and what it starts. */
const PROCESSES_BESIDE = 32
/** Its first process, its ssh servers and what a step runs at once. */
const PROCESSES_OF_NODE = 16

/** What a cluster takes of the limits of this process. */
export const needsOf = (nodes: readonly NodePlan[], podsPerNode: number): Needs => ({
  openFiles: FILES_OF_RUNNER + FILES_OF_NODE * nodes.length,
  processes: PROCESSES_BESIDE + (PROCESSES_OF_NODE + podsPerNode) * nodes.length,
})

/** Namespaces of each kind that a node has; its PODs have a network and a hostname besides. */
const KINDS = ['net', 'uts', 'mnt', 'pid', 'ipc', 'cgroup'] as const
const OF_PODS: readonly string[] = ['net', 'uts']

/**
 * Refuses a cluster that has more namespaces than this user may have.
 * @param read the text of a file of /proc/sys/user
 * @throws Failure LIMIT_TOO_LOW (exit 3) that names the sysctl, what it is and what is needed
 */
export function requireNamespaces(nodes: number, podsPerNode: number, read = readSysctl): void {
  for (const kind of KINDS) {
    const needed = 1 + nodes + (OF_PODS.includes(kind) ? nodes * podsPerNode : 0)
    const name = `max_${kind}_namespaces`
    const most = Number(read(name) ?? Number.NaN)
    if (!(most < needed)) continue
    throw environmentFailure(
      'LIMIT_TOO_LOW',
      `user.${name} is ${most}, and the cluster has about ${needed} ${kind} namespaces`,
      { hint: `an administrator can run: sysctl user.${name}=${needed * 2}` },
    )
  }
}

function readSysctl(name: string): string | undefined {
  try {
    return fs.readFileSync(`/proc/sys/user/${name}`, 'utf8').trim()
  } catch {
    return undefined // the kernel has no such limit
  }
}
