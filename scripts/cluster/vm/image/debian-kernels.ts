import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, infrastructureFailure } from '../../../errors/failure.ts'
import type { Guest, GuestArchitecture } from '../../../settings/guest.ts'
import { openApt } from './apt.ts'
import type { PackageSources } from './sources.ts'

const PREFIX = 'linux-image-'

/**
 * Downloads and unpacks another kernel of Debian's.
 * @param version `6.12`, `6.12-rt`
 * @param scratch a directory that is created
 * @returns the kernel's version, its file, its modules, and its package
 * @throws Failure NO_PACKAGES (exit 3) naming the versions that exist
 */
export async function fetchKernel(
  version: string,
  scratch: string,
  guest: Guest,
  sources: PackageSources,
  signal?: AbortSignal,
) {
  const apt = await openApt(scratch, guest, sources.kernelLines, sources, signal)
  const names = await apt.names(PREFIX)
  const name = newestKernel(names, version, guest.architecture)
  if (!name) {
    throw environmentFailure('NO_PACKAGES', `Debian has no kernel ${version} for ${guest.architecture}`, {
      hint: `it has ${kernelSeries(names, guest.architecture).join(', ')}; or give a file: --kernel ./bzImage`,
    })
  }
  const tree = path.join(scratch, 'tree')
  const packageVersion = await apt.unpack(name, tree)
  const modules = ['lib/modules', 'usr/lib/modules'].map(place => path.join(tree, place)).find(place => isFull(place))
  if (!modules) throw infrastructureFailure('NO_KERNEL', `the package ${name} contains no kernel modules`)
  const kernelVersion = fs.readdirSync(modules)[0] ?? ''
  return {
    kernelVersion,
    file: path.join(tree, `boot/vmlinuz-${kernelVersion}`),
    modules: path.join(modules, kernelVersion),
    packages: { [name]: packageVersion },
  }
}

const isFull = (directory: string): boolean => fs.existsSync(directory) && fs.readdirSync(directory).length > 0

/** The newest package of a series: of the kernels for clouds, or of the real-time ones. */
export function newestKernel(
  names: readonly string[],
  version: string,
  architecture: GuestArchitecture,
): string | undefined {
  const [, number = '', flavor = 'cloud'] = /^([\d.]+)(?:-(rt))?$/.exec(version) ?? []
  const pattern = new RegExp(`^${PREFIX}${number.replaceAll('.', '\\.')}(?!\\d)[^a-z]\\S*-${flavor}-${architecture}$`)
  const found = names.filter(name => pattern.test(name))
  return found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
}

/** The series that exist: `6.1`, `6.12`, `6.12-rt`. */
function kernelSeries(names: readonly string[], architecture: GuestArchitecture): readonly string[] {
  const pattern = new RegExp(`^${PREFIX}(\\d+\\.\\d+)\\S*-(cloud|rt)-${architecture}$`)
  const series = names.flatMap(name => {
    const [, number, flavor] = pattern.exec(name) ?? []
    return number ? [`${number}${flavor === 'rt' ? '-rt' : ''}`] : []
  })
  return [...new Set(series)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}
