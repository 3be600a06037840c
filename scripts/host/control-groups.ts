import fs from 'node:fs'
import path from 'node:path'

export interface ControlGroups {
  /** Mount point of the cgroup file systems. */
  readonly mount: string
  /** Content of /proc/self/cgroup. */
  readonly membership: string
}

const thisProcess = (): ControlGroups => ({ mount: '/sys/fs/cgroup', membership: readText('/proc/self/cgroup') })

/**
 * Bytes of memory that the limits of this process's control groups leave. The page cache counts as free.
 * @returns infinity without a limit
 */
export function availableMemory(groups = thisProcess()): number {
  const rooms = directories('memory', groups).map(directory => {
    const limit = number(directory, 'memory.max') ?? number(directory, 'memory.limit_in_bytes')
    const used = number(directory, 'memory.current') ?? number(directory, 'memory.usage_in_bytes')
    if (limit === undefined || used === undefined) return Number.POSITIVE_INFINITY
    const stat = readText(path.join(directory, 'memory.stat'))
    return Math.max(0, limit - used + field(stat, 'inactive_file') + field(stat, 'active_file'))
  })
  return Math.min(Number.POSITIVE_INFINITY, ...rooms)
}

/**
 * Processes and threads that the limits of this process's control groups still allow.
 * @returns infinity without a limit
 */
export function availableProcesses(groups = thisProcess()): number {
  const rooms = directories('pids', groups).map(directory => {
    const limit = number(directory, 'pids.max')
    const running = number(directory, 'pids.current')
    return limit === undefined || running === undefined ? Number.POSITIVE_INFINITY : Math.max(0, limit - running)
  })
  return Math.min(Number.POSITIVE_INFINITY, ...rooms)
}

/**
 * A controller's directories of the process's group and all its ancestors, each of which may have a limit (cgroups(7)).
 * A container may see its own group as the root of the mount.
 */
function directories(controller: string, { mount, membership }: ControlGroups): readonly string[] {
  return membership.split('\n').flatMap(line => {
    const [, controllers, group] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (controllers === undefined || group === undefined) return []
    if (controllers !== '' && !controllers.split(',').includes(controller)) return []
    // Version 2 has one tree for all controllers; together with version 1 it is mounted as `unified`.
    const tops = controllers === '' ? [mount, path.join(mount, 'unified')] : [path.join(mount, controller)]
    return tops.flatMap(top => upwards(group).map(each => path.join(top, each)))
  })
}

const upwards = (group: string): readonly string[] =>
  group === '/' ? ['/'] : [group, ...upwards(path.posix.dirname(group))]

/** @returns undefined without such a file, or for `max` */
function number(directory: string, file: string): number | undefined {
  const text = readText(path.join(directory, file)).trim()
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** In version 1, `total_` fields include child groups. */
const field = (stat: string, name: string): number =>
  Number(
    (new RegExp(`^total_${name} (\\d+)$`, 'm').exec(stat) ?? new RegExp(`^${name} (\\d+)$`, 'm').exec(stat))?.[1] ?? 0,
  )

function readText(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return '' // no such controller, or no control groups
  }
}
