import fs from 'node:fs'
import { environmentFailure } from '../../errors/failure.ts'
import type { Needs } from '../../host/limits.ts'
import type { NodePlan } from '../../settings/nodes.ts'

/** Open files of this program, and those for each node: four connections, and one of the world. */
const FILES_OF_RUNNER = 64
const FILES_OF_NODE = 5
/** The world's two, and threads and children of this program. */
const PROCESSES_BESIDE = 32
/** Its first process, ssh servers and the commands of a step. */
const PROCESSES_OF_NODE = 16

export const needsOf = (nodes: readonly NodePlan[], podsPerNode: number): Needs => ({
  openFiles: FILES_OF_RUNNER + FILES_OF_NODE * nodes.length,
  processes: PROCESSES_BESIDE + (PROCESSES_OF_NODE + podsPerNode) * nodes.length,
})

/** Kinds of namespace of a node. Its PODs have another network and hostname. */
const KINDS = ['net', 'uts', 'mnt', 'pid', 'ipc', 'cgroup'] as const
const OF_PODS: readonly string[] = ['net', 'uts']

/**
 * @param read returns the text of a file in /proc/sys/user
 * @throws Failure LIMIT_TOO_LOW (exit 3) naming the sysctl, its value and the required one
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
