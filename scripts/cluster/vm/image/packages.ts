import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'
import { recipe } from './recipe.ts'
import type { PackageSources } from './release.ts'

/** Where apt stores downloaded packages. */
const ARCHIVES = 'var/cache/apt/archives'

/**
 * Downloads and unpacks the image's packages. The variant `extract` runs no maintainer scripts, so it needs neither
 * root privileges nor a user namespace.
 * @param root a directory that is created
 * @returns version of each package, by name
 * @throws Failure NO_PACKAGES (exit 3) with apt's message
 */
export async function unpackPackages(
  root: string,
  codename: string,
  { lines, proxies }: PackageSources,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const mode = process.getuid?.() === 0 ? 'root' : 'chrootless'
  const words = [`--mode=${mode}`, '--variant=extract', `--include=${recipe.packages.join(',')}`]
  // The versions are read from the names of the downloaded files: without dpkg there is no database.
  words.push('--skip=cleanup/apt', '--architectures=amd64')
  words.push(...recipe.excludedPaths.map(pattern => `--dpkgopt=path-exclude=${pattern}`))
  words.push(...proxies.map(proxy => `--aptopt=${proxy}`))
  await run('mmdebstrap', [...words, codename, root, ...lines], {
    signal,
    reapOrphans: true,
    environment: { SOURCE_DATE_EPOCH: '0' },
    failure: {
      exitCode: 3,
      code: 'NO_PACKAGES',
      hint: 'check that the package sources can be reached: apt-get update',
    },
  })
  const versions = packageVersions(fs.readdirSync(path.join(root, ARCHIVES)))
  if (Object.keys(versions).length < recipe.packages.length)
    throw infrastructureFailure('NO_PACKAGES', `mmdebstrap left no packages in ${ARCHIVES}`)
  return versions
}

/** @param files names of downloaded packages: `<package>_<version, colon escaped>_<architecture>.deb` */
export function packageVersions(files: readonly string[]): Readonly<Record<string, string>> {
  const parts = files.flatMap(file => {
    const [, name, version] = /^([^_]+)_([^_]+)_[^_]+\.deb$/.exec(file) ?? []
    return name && version ? [[name, decodeURIComponent(version)] as const] : []
  })
  return Object.fromEntries(parts.sort(([a], [b]) => (a < b ? -1 : 1)))
}
