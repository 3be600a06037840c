import os from 'node:os'
import process from 'node:process'
import type { ClusterAbility } from '../../cluster/kind.ts'
import { type Distribution, packageNames } from '../../host/distribution.ts'
import { alignColumns } from '../../reporters/columns.ts'
import { nativeArchitecture } from '../../settings/guest.ts'
import type { Part } from './parts.ts'

/** What `setup --check` finds out about a host. */
export interface HostReport {
  readonly host: {
    readonly system: string
    readonly architecture: string
    readonly kernel: string
    readonly node: string
    readonly cpus: number
    readonly memoryMiB: number
  }
  readonly parts: readonly Part[]
  readonly clusters: readonly ClusterAbility[]
  /** The command that installs missing parts; undefined if none is missing. */
  readonly remedy: string | undefined
}

/** This host, for reports. */
export const describeHost = ({ name }: Distribution): HostReport['host'] => ({
  system: name,
  architecture: nativeArchitecture(),
  kernel: os.release(),
  node: process.version,
  cpus: os.availableParallelism(),
  memoryMiB: Math.floor(os.totalmem() / 2 ** 20),
})

/**
 * The command that installs packages on a distribution.
 * @param setup the command of this program that does it where the manager is apt
 * @param packages names of Debian's
 */
export function remedyFor({ manager, id }: Distribution, setup: string, packages: readonly string[]): string {
  if (!manager) return `install the commands that are missing, then: ${setup}`
  if (manager.name === 'apt') return id === 'ubuntu' ? `${setup} (the component universe must be enabled)` : setup
  const names = packageNames(manager, packages)
  const others = packages.filter(name => manager.names[name] === '')
  const rest = others.length > 0 ? `; ${others.join(', ')} from elsewhere: the distribution has no such package` : ''
  return `sudo ${manager.install} ${names.join(' ')}${rest}`
}

/** The report as tables for the user. */
export function reportText({ host, parts, clusters, remedy }: HostReport): string {
  const { system, architecture, kernel, node, cpus, memoryMiB } = host
  const state = ({ place, note }: Part) => (place === undefined ? 'MISSING' : note ? 'old' : 'ok')
  const rows = parts.map(part => [
    part.name,
    state(part),
    part.version ?? '',
    part.package,
    [part.gives, ...(part.note ? [`(${part.note})`] : [])].join(' '),
  ])
  return [
    `host: ${system}, ${architecture}, Linux ${kernel}, Node.js ${node}, ${cpus} CPUs, ${memoryMiB} MiB\n\n`,
    alignColumns([['PART', 'STATE', 'VERSION', 'PACKAGE', 'GIVES'], ...rows]),
    '\n',
    alignColumns([
      ['CLUSTERS', 'STATE', 'HOW'],
      ...clusters.map(({ kind, works, how }) => [kind, works ? 'work' : 'DO NOT WORK', how]),
    ]),
    remedy === undefined ? '\nnothing is missing\n' : `\nto install what is missing: ${remedy}\n`,
  ].join('')
}
