import fs from 'node:fs'
import { testFailure } from '../errors/failure.ts'
import type { Packing } from '../settings/packing.ts'
import { readArchive } from './archive.ts'
import { type Architecture, isElf, requireArchitecture } from './elf.ts'
import { type Member, program } from './member.ts'
import { newestRelease } from './versions.ts'

/** Where nfqlb's address tool comes from. */
export interface IpuSource {
  /** The tool itself, or a release archive. */
  readonly place: string
  readonly version: string
  readonly isArchive: boolean
}

/** An unpacked `ipu`, else the newest release archive. */
export function findIpu({ ipuPlaces, archiveDirectories }: Packing): IpuSource | undefined {
  const place = ipuPlaces.find(candidate => fs.statSync(candidate, { throwIfNoEntry: false })?.isFile())
  if (place) return { place, version: 'version unknown', isArchive: false }
  const release = newestRelease(archiveDirectories, /^nfqlb-(\d.*)\.tar\.xz$/)
  return release && { place: release.file, version: release.version, isArchive: true }
}

/**
 * The tool as member `bin/ipu`.
 * @throws Failure of the archive, NO_IPU or WRONG_ARCHITECTURE (exit 1)
 */
export async function readIpu({ place, isArchive }: IpuSource, architecture: Architecture): Promise<Member> {
  const content = isArchive ? await readFromArchive(place) : fs.readFileSync(place)
  if (!isElf(content)) throw testFailure('NO_IPU', `${place}: ipu is no program`)
  requireArchitecture(content, architecture, `${place}: ipu`)
  return program('bin/ipu', content)
}

async function readFromArchive(archive: string): Promise<Buffer> {
  const [file] = await readArchive(archive, path => /^[^/]+\/bin\/ipu$/.test(path))
  if (!file) throw testFailure('NO_IPU', `${archive}: holds no <top directory>/bin/ipu`)
  return file.content
}
