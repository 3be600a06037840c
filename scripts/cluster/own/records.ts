import fs from 'node:fs'
import path from 'node:path'
import { realPath } from '../../host/directories.ts'
import { bootId, findProcess, isAlive, type ProcessId, parseStat } from '../../host/processes.ts'

/** A process of a cluster as it wrote itself down, whether it still runs or not. */
export interface ProcessRecord {
  /** `vm-001`, `net1` */
  readonly name: string
  readonly id: ProcessId
}

/** Holds the line of /proc/<pid>/stat that the process wrote before it became what it is, and the boot of the host. */
const SUFFIX = '.pid'

/** The processes that were written down in a cluster's directory since this host was started. */
export function recordedProcesses(clusterDirectory: string): readonly ProcessRecord[] {
  const boot = bootId()
  return list(clusterDirectory).flatMap(file => {
    if (!file.endsWith(SUFFIX)) return []
    const [line = '', bootThen] = read(path.join(clusterDirectory, file)).split('\n')
    const id = parseStat(line)
    return id && (!bootThen || bootThen === boot) ? [{ name: file.slice(0, -SUFFIX.length), id }] : []
  })
}

/** Of those, the ones that run. */
export const recordedAlive = (clusterDirectory: string): readonly ProcessId[] =>
  recordedProcesses(clusterDirectory).flatMap(({ id }) => (isAlive(id) ? [id] : []))

/** In the environment of each process of a cluster: the cluster's directory. */
const MARK = 'NETNS_CLUSTER_DIRECTORY'

/** What makes a process known as one of a cluster when its record is gone. */
export const markOf = (clusterDirectory: string): Readonly<Record<string, string>> => ({
  [MARK]: realPath(clusterDirectory),
})

/**
 * This user's processes that belong to clusters below a directory, even if their records were deleted.
 * @returns by the cluster's name
 */
export function markedProcesses(clustersDirectory: string): ReadonlyMap<string, readonly ProcessId[]> {
  const marked = new Map<string, ProcessId[]>()
  const clusters = realPath(clustersDirectory)
  const begin = `${MARK}=${clusters}/`
  for (const pid of list('/proc')) {
    if (!/^\d+$/.test(pid) || ownerOf(`/proc/${pid}`) !== process.getuid?.()) continue
    const id = findProcess(Number(pid))
    const mark = read(`/proc/${pid}/environ`)
      .split('\0')
      .find(variable => variable.startsWith(begin))
    if (!id || !mark) continue
    // A cluster that runs may get another name: the kernel knows where its directory is, or was.
    const place = workingDirectory(pid)
    const name = (place?.startsWith(`${clusters}/`) ? place : mark.slice(MARK.length + 1)).slice(clusters.length + 1)
    marked.set(name, [...(marked.get(name) ?? []), id])
  }
  return marked
}

function list(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory)
  } catch {
    return [] // it was removed
  }
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return '' // gone meanwhile, or nobody may read it
  }
}

function workingDirectory(pid: string): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '')
  } catch {
    return undefined // ended meanwhile
  }
}

function ownerOf(file: string): number | undefined {
  try {
    return fs.statSync(file).uid
  } catch {
    return undefined // ended meanwhile
  }
}
