import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'
import { recipe } from './recipe.ts'
import type { PackageSources } from './release.ts'

/** Where apt puts the packages that it downloads. */
const ARCHIVES = 'var/cache/apt/archives'

/**
 * Downloads and unpacks the image's packages. `extract` runs none of their scripts, so that an ordinary user needs neither
 * root's rights nor a user namespace.
 * @param root a directory that is made
 * @returns name and version of every package
 * @throws Failure NO_PACKAGES (exit 3) with apt's words
 */
export async function unpackPackages(
  root: string,
  codename: string,
  { lines, proxies }: PackageSources,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const mode = process.getuid?.() === 0 ? 'root' : 'chrootless'
  const words = [`--mode=${mode}`, '--variant=extract', `--include=${recipe.packages.join(',')}`]
  // The names of the downloaded files are what tells the versions: without dpkg there is no database.
  words.push('--skip=cleanup/apt', '--architectures=amd64')
  words.push(...recipe.excludedPaths.map(pattern => `--dpkgopt=path-exclude=${pattern}`))
  words.push(...proxies.map(proxy => `--aptopt=${proxy}`))
  await run('mmdebstrap', [...words, codename, root, ...lines], {
    signal,
    reapOrphans: true,
    environment: { SOURCE_DATE_EPOCH: '0' },
    failure: { exitCode: 3, code: 'NO_PACKAGES', hint: 'are the package sources in reach? `apt-get update` tells' },
  })
  const versions = packageVersions(fs.readdirSync(path.join(root, ARCHIVES)))
  if (Object.keys(versions).length < recipe.packages.length)
    throw infrastructureFailure('NO_PACKAGES', `mmdebstrap left no packages in ${ARCHIVES}`)
  return versions
}

/**
 * @param files names as apt gives them: `<package>_<version, colon escaped>_<architecture>.deb`
 */
export function packageVersions(files: readonly string[]): Readonly<Record<string, string>> {
  const parts = files.flatMap(file => {
    const [, name, version] = /^([^_]+)_([^_]+)_[^_]+\.deb$/.exec(file) ?? []
    return name && version ? [[name, decodeURIComponent(version)] as const] : []
  })
  return Object.fromEntries(parts.sort(([a], [b]) => (a < b ? -1 : 1)))
}
