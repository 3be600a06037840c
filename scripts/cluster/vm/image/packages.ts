import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, Failure, infrastructureFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'
import { callersEnvironment } from '../../../host/environment.ts'
import type { Guest } from '../../../settings/guest.ts'
import { explainApt } from './apt-errors.ts'
import { readDebName } from './deb-names.ts'
import { excludedPaths, recipe } from './recipe.ts'
import type { PackageSources } from './sources.ts'

/** Where apt stores downloaded packages. */
const ARCHIVES = 'var/cache/apt/archives'

/** A package of a guest. */
export interface UnpackedPackages {
  /** Version of each package, by name. */
  readonly versions: Readonly<Record<string, string>>
  /** The downloaded packages that the user requested, as files below the root. */
  readonly requested: readonly string[]
}

/**
 * Downloads and unpacks the image's packages. The variant `extract` runs no maintainer scripts, so it needs neither
 * root privileges, nor a user namespace, nor emulation for another architecture.
 * @param root a directory that is created
 * @throws Failure NO_PACKAGES (exit 3) with the reason
 */
export async function unpackPackages(
  root: string,
  guest: Guest,
  { lines, proxies }: PackageSources,
  signal?: AbortSignal,
): Promise<UnpackedPackages> {
  const { release, architecture, packages, kernel } = guest
  const mode = process.getuid?.() === 0 ? 'root' : 'chrootless'
  const names = [...recipe.packages, ...(kernel === undefined ? [`linux-image-cloud-${architecture}`] : [])]
  const words = [`--mode=${mode}`, '--variant=extract', `--include=${[...names, ...packages].join(',')}`]
  // The versions are read from the names of the downloaded files: without dpkg there is no database.
  words.push('--skip=cleanup/apt', `--architectures=${architecture}`)
  words.push(...excludedPaths(guest).map(pattern => `--dpkgopt=path-exclude=${pattern}`))
  words.push(...[...proxies, 'Acquire::Retries "2"'].map(option => `--aptopt=${option}`))
  await explainingApt(guest, proxies, onErrorLine =>
    run('mmdebstrap', [...words, release, root, ...lines], {
      signal,
      reapOrphans: true,
      environment: { SOURCE_DATE_EPOCH: '0' },
      onErrorLine,
      failure: {
        exitCode: 3,
        code: 'NO_PACKAGES',
        hint: 'check that the mirror can be reached: ./netns.ts image --help lists the options',
      },
    }),
  )
  const files = fs.readdirSync(path.join(root, ARCHIVES))
  const versions = packageVersions(files)
  if (Object.keys(versions).length < names.length)
    throw infrastructureFailure('NO_PACKAGES', `mmdebstrap left no packages in ${ARCHIVES}`)
  const requested = files.filter(file => packages.includes(readDebName(file)?.name ?? ''))
  return { versions, requested: requested.map(file => path.join(ARCHIVES, file)) }
}

/**
 * Runs a command of apt, and replaces its failure by one that says what is wrong with the archive.
 * @param proxies of apt's configuration, besides those of the environment
 * @param command gets a listener for the lines of stderr
 */
export async function explainingApt<T>(
  guest: Guest,
  proxies: readonly string[],
  command: (onErrorLine: (line: string) => void) => Promise<T>,
): Promise<T> {
  const lines: string[] = []
  try {
    return await command(line => lines.push(line))
  } catch (error) {
    const { http_proxy, https_proxy } = callersEnvironment
    const hasProxy = proxies.length > 0 || Boolean(http_proxy || https_proxy)
    const why = error instanceof Failure ? explainApt(lines, { guest, hasProxy }) : undefined
    if (!why) throw error
    throw environmentFailure('NO_PACKAGES', why.message, { hint: why.hint, cause: error })
  }
}

/** @param files of a directory with downloaded packages */
export function packageVersions(files: readonly string[]): Readonly<Record<string, string>> {
  const packages = files.map(readDebName).filter(found => found !== undefined)
  return Object.fromEntries(packages.map(({ name, version }) => [name, version] as const).sort(byName))
}

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1)
