import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, testFailure, usageFailure } from '../errors/failure.ts'
import type { Packing } from '../settings/packing.ts'
import { readArchive } from './archive.ts'
import { type Architecture, hostArchitecture, isElf, requireArchitecture } from './elf.ts'
import { type Member, program } from './member.ts'
import { newestRelease } from './versions.ts'

/** Where CNI plugins come from. */
export interface CniSource {
  /** An archive, or a directory of plugins. */
  readonly place: string
  readonly version: string
}

/** A plugin's name: no path, and nothing that a shell or tar could take for something else. */
const PLUGIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

const archiveName = (architecture: Architecture) => new RegExp(`^cni-plugins-linux-${architecture}-v(\\d.*)\\.tgz$`)

/**
 * Finds CNI plugins: those given by name, else the newest release archive, else the distribution's.
 * @throws Failure NO_SUCH_CNI (exit 2) when what was given is not there
 */
export function findCni(packing: Packing, architecture: Architecture): CniSource | undefined {
  if (packing.cni !== undefined) {
    if (!fs.existsSync(packing.cni))
      throw usageFailure('NO_SUCH_CNI', `--cni ${packing.cni}: there is no such archive or directory`)
    const version = /-v(\d.*)\.tgz$/.exec(packing.cni)?.[1]
    return { place: packing.cni, version: version ? `v${version}` : 'version unknown' }
  }
  const release = newestRelease(packing.archiveDirectories, archiveName(architecture))
  if (release) return { place: release.file, version: `v${release.version}` }
  const place = packing.cniDirectories.find(directory => fs.existsSync(path.join(directory, 'bridge')))
  return place === undefined ? undefined : { place, version: 'as installed' }
}

/**
 * Finds the plugins that a test needs, before anything is started for it.
 * @throws Failure NO_CNI (exit 3), naming where plugins were looked for
 */
export function requireCni(packing: Packing): void {
  const architecture = hostArchitecture()
  if (!findCni(packing, architecture)) {
    throw environmentFailure('NO_CNI', `this test needs CNI plugins, and there is ${whereNot(packing, architecture)}`, {
      hint: 'install containernetworking-plugins, or name some with --cni <archive or directory>',
    })
  }
}

/** Where plugins were looked for in vain. */
export const whereNot = ({ archiveDirectories, cniDirectories }: Packing, architecture: Architecture): string =>
  `neither a cni-plugins-linux-${architecture}-v*.tgz in ${archiveDirectories.join(', ')}, nor plugins in ${cniDirectories.join(', ')}`

/**
 * The plugins as members `opt/cni/bin/*`. Only programs count: releases hold a licence and a text, too.
 * @throws Failure of the archive, NO_PLUGINS or WRONG_ARCHITECTURE (exit 1)
 */
export async function readCni({ place }: CniSource, architecture: Architecture): Promise<readonly Member[]> {
  const files = fs.statSync(place).isDirectory()
    ? readDirectory(place)
    : await readArchive(place, file => PLUGIN_NAME.test(file))
  const plugins = files.filter(({ content }) => isElf(content))
  if (plugins.length === 0) throw testFailure('NO_PLUGINS', `${place}: holds no CNI plugins`)
  for (const { path: name, content } of plugins) requireArchitecture(content, architecture, `${place}: ${name}`)
  return plugins.map(({ path: name, content }) => program(`opt/cni/bin/${name}`, content))
}

function readDirectory(directory: string) {
  try {
    return fs
      .readdirSync(directory, { withFileTypes: true })
      .filter(entry => entry.isFile() && PLUGIN_NAME.test(entry.name))
      .map(entry => ({ path: entry.name, content: fs.readFileSync(path.join(directory, entry.name)) }))
  } catch (error) {
    throw environmentFailure('CNI_UNREADABLE', `cannot read ${directory}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
