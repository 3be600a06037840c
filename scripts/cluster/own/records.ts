import fs from 'node:fs'
import path from 'node:path'
import { realPath } from '../../host/directories.ts'
import { tryRead } from '../../host/files.ts'
import { bootId, findProcess, isAlive, type ProcessId, parseStat } from '../../host/processes.ts'

/** A process of a cluster, which may have ended. */
export interface ProcessRecord {
  /** `vm-001`, `net1` */
  readonly name: string
  readonly id: ProcessId
}

/** The file contains the process's line of /proc/<pid>/stat and the boot ID: see record-then-become.sh. */
const SUFFIX = '.pid'

/** The processes recorded in a cluster's directory since the host booted. */
export function recordedProcesses(clusterDirectory: string): readonly ProcessRecord[] {
  const boot = bootId()
  return list(clusterDirectory).flatMap(file => {
    if (!file.endsWith(SUFFIX)) return []
    const [line = '', bootThen] = read(path.join(clusterDirectory, file)).split('\n')
    const id = parseStat(line)
    return id && (!bootThen || bootThen === boot) ? [{ name: file.slice(0, -SUFFIX.length), id }] : []
  })
}

export const recordedAlive = (clusterDirectory: string): readonly ProcessId[] =>
  recordedProcesses(clusterDirectory).flatMap(({ id }) => (isAlive(id) ? [id] : []))

/** A variable of all processes of a cluster, with its directory. */
const MARK = 'NETNS_CLUSTER_DIRECTORY'

/** Variables that identify a process of a cluster without a record. */
export const markOf = (clusterDirectory: string): Readonly<Record<string, string>> => ({
  [MARK]: realPath(clusterDirectory),
})

/**
 * Finds this user's processes that belong to clusters below a directory, without records.
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
    // A running cluster may be renamed: the kernel knows its directory.
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
    return [] // removed meanwhile
  }
}

const read = (file: string): string => tryRead(file) ?? ''

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
