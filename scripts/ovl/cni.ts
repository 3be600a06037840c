import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, testFailure, usageFailure } from '../errors/failure.ts'
import { entryNames, reasonOf, tryStat } from '../host/files.ts'
import type { Packing } from '../settings/packing.ts'
import { type ArchiveFile, readArchive } from './archive.ts'
import { type Architecture, headOf, hostArchitecture, isElf, isScript, requireArchitecture } from './elf.ts'
import { type Member, program } from './member.ts'
import { newestRelease } from './versions.ts'

export interface CniSource {
  /** An archive or a directory. */
  readonly place: string
  readonly version: string
  readonly isArchive: boolean
}

/** A plugin's file name: no path, and no characters that a shell or tar interprets. */
const PLUGIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** Length of the last path component in a ustar header, the only one that busybox supports. */
const MAX_NAME_LENGTH = 100

const archiveName = (architecture: Architecture) => new RegExp(`^cni-plugins-linux-${architecture}-v(\\d.*)\\.tgz$`)

/**
 * Finds CNI plugins: the given ones, else the newest release archive, else the distribution's.
 * @throws Failure NO_SUCH_CNI (exit 2) when the given ones do not exist
 */
export function findCni(packing: Packing, architecture: Architecture): CniSource | undefined {
  if (packing.cni !== undefined) return givenCni(packing.cni)
  const release = newestRelease(packing.archiveDirectories, archiveName(architecture))
  if (release) return { place: release.file, version: `v${release.version}`, isArchive: true }
  const place = packing.cniDirectories.find(directory => tryStat(path.join(directory, 'bridge')))
  return place === undefined ? undefined : { place, version: 'as installed', isArchive: false }
}

function givenCni(place: string): CniSource {
  try {
    const isArchive = !fs.statSync(place).isDirectory()
    const version = /-v(\d.*)\.t(ar\.)?[gx]z$/.exec(path.basename(place))?.[1]
    return { place, version: version ? `v${version}` : 'version unknown', isArchive }
  } catch (error) {
    throw usageFailure('NO_SUCH_CNI', `--cni ${place}: ${reasonOf(error)}`, {
      hint: 'give a release archive or a directory of CNI plugins',
    })
  }
}

/** The architecture of the nodes that get the ovl. */
export const architectureOf = ({ architecture }: Packing): Architecture => architecture ?? hostArchitecture()

/**
 * Fails early for a test that needs CNI plugins.
 * @throws Failure NO_CNI (exit 3), naming the searched locations, when there are none
 */
export function requireCni(packing: Packing): void {
  const architecture = architectureOf(packing)
  if (!findCni(packing, architecture)) {
    throw environmentFailure(
      'NO_CNI',
      `this test needs CNI plugins, and none were found: ${cniLocations(packing, architecture)}`,
      {
        hint: 'install containernetworking-plugins, or give plugins with --cni <archive or directory>',
      },
    )
  }
}

/**
 * The names of the plugins that will be packed, and where they are; undefined when there are none.
 * @throws Failure as {@link readCni}
 */
export async function listPlugins(
  packing: Packing,
): Promise<{ readonly names: readonly string[]; readonly place: string } | undefined> {
  const architecture = architectureOf(packing)
  const source = findCni(packing, architecture)
  if (!source) return undefined
  const members = await readCni(source, architecture)
  return { names: members.map(member => path.posix.basename(member.path)), place: source.place }
}

/** The searched locations, for messages. */
export const cniLocations = ({ archiveDirectories, cniDirectories }: Packing, architecture: Architecture): string =>
  `looked for cni-plugins-linux-${architecture}-v*.tgz in ${archiveDirectories.join(', ')} ` +
  `and for plugins in ${cniDirectories.join(', ')}`

/**
 * Reads the plugins as members `opt/cni/bin/*`. Other files, such as a license, are ignored.
 * @throws Failure of the archive, NO_PLUGINS, NAME_TOO_LONG or WRONG_ARCHITECTURE (exit 1), CNI_UNREADABLE (exit 3)
 */
export async function readCni(
  { place, isArchive }: CniSource,
  architecture: Architecture,
  signal?: AbortSignal,
): Promise<readonly Member[]> {
  const files = isArchive ? await readArchive(place, file => PLUGIN_NAME.test(file), { signal }) : readDirectory(place)
  const plugins = files.filter(file => isPlugin(file, architecture, place))
  if (plugins.length === 0) throw testFailure('NO_PLUGINS', `${place}: contains no CNI plugins`)
  const long = plugins.find(({ path: name }) => name.length > MAX_NAME_LENGTH)
  if (long) {
    const why = `the plugin's name has ${long.path.length} characters, more than ${MAX_NAME_LENGTH}: ${long.path}`
    throw testFailure('NAME_TOO_LONG', `${place}: ${why}`, {
      hint: 'busybox, which unpacks the ovl, cannot read longer names',
    })
  }
  return plugins.map(({ path: name, content }) => program(`opt/cni/bin/${name}`, content))
}

function isPlugin(
  { path: name, executable, content }: ArchiveFile,
  architecture: Architecture,
  place: string,
): boolean {
  const head = headOf(content)
  if (!executable || !(isElf(head) || isScript(head))) return false
  if (isElf(head)) requireArchitecture(head, architecture, `${place}: ${name}`)
  return true
}

/** Follows links: unlike an archive, a directory on this host is trusted. */
function readDirectory(directory: string): readonly ArchiveFile[] {
  return entryNames(directory)
    .filter(name => PLUGIN_NAME.test(name))
    .flatMap(name => {
      const file = path.join(directory, name)
      const stats = tryStat(file)
      if (!stats?.isFile() || (stats.mode & 0o100) === 0) return []
      return { path: name, executable: true, content: [readProgram(file)] }
    })
}

function readProgram(file: string): Buffer {
  try {
    return fs.readFileSync(file)
  } catch (error) {
    throw environmentFailure('CNI_UNREADABLE', `cannot read ${file}: ${reasonOf(error)}`, { cause: error })
  }
}
