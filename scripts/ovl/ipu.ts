import fs from 'node:fs'
import { environmentFailure, testFailure } from '../errors/failure.ts'
import { reasonOf, tryStat } from '../host/files.ts'
import type { Packing } from '../settings/packing.ts'
import { readArchive } from './archive.ts'
import { type Architecture, headOf, isElf, requireArchitecture } from './elf.ts'
import { type Content, type Member, program } from './member.ts'
import { newestRelease } from './versions.ts'

/** Where nfqlb's address tool `ipu` comes from. */
export interface IpuSource {
  /** The tool itself, or a release archive. */
  readonly place: string
  readonly version: string
  readonly isArchive: boolean
}

/** Finds an unpacked `ipu`, else the newest release archive. */
export function findIpu({ ipuPaths, archiveDirectories }: Packing): IpuSource | undefined {
  const place = ipuPaths.find(candidate => tryStat(candidate)?.isFile())
  if (place) return { place, version: 'version unknown', isArchive: false }
  const release = newestRelease(archiveDirectories, /^nfqlb-(.+)\.tar\.xz$/)
  return release && { place: release.file, version: release.version, isArchive: true }
}

/** The searched locations, for messages. */
export const ipuLocations = ({ ipuPaths, archiveDirectories }: Packing): string =>
  `looked for ${ipuPaths.join(', ')} and for nfqlb-*.tar.xz in ${archiveDirectories.join(', ')}`

/**
 * Reads the tool as member `bin/ipu`.
 * @throws Failure of the archive, NO_IPU or WRONG_ARCHITECTURE (exit 1), IPU_UNREADABLE (exit 3)
 */
export async function readIpu(
  { place, isArchive }: IpuSource,
  architecture: Architecture,
  signal?: AbortSignal,
): Promise<Member> {
  const content = isArchive ? await readFromArchive(place, signal) : [readTool(place)]
  const head = headOf(content)
  if (!isElf(head)) throw testFailure('NO_IPU', `${place}: ipu is not an executable`)
  requireArchitecture(head, architecture, `${place}: ipu`)
  return program('bin/ipu', content)
}

async function readFromArchive(archive: string, signal: AbortSignal | undefined): Promise<Content> {
  const [file, other] = await readArchive(archive, path => /^[^/]+\/bin\/ipu$/.test(path), { signal })
  if (!file) throw testFailure('NO_IPU', `${archive}: contains no <top directory>/bin/ipu`)
  if (other) throw testFailure('NO_IPU', `${archive}: contains both ${file.path} and ${other.path}`)
  return file.content
}

function readTool(file: string): Buffer {
  try {
    return fs.readFileSync(file)
  } catch (error) {
    throw environmentFailure('IPU_UNREADABLE', `cannot read ${file}: ${reasonOf(error)}`, { cause: error })
  }
}
