import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../../errors/failure.ts'
import { run } from '../../host/command.ts'
import { collectMembers } from '../../ovl/collect.ts'
import { writeArchive } from '../../ovl/output.ts'
import type { Packing } from '../../settings/packing.ts'
import type { OvlDirectory } from '../cluster.ts'

export interface OvlsRequest {
  readonly clusterDirectory: string
  readonly packing: Packing
  /** Ovls beside netns, which comes first. */
  readonly extra: readonly OvlDirectory[]
  /** Gets what the packing says. */
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Packs the ovls and makes a read-only disk of each: the VMs lay them over their root, so that they take none of their memory,
 * and share one copy in the host's page cache.
 * @returns the disks, in the order of the ovls
 * @throws Failure of the packing; OVL_FAILED (exit 4) naming the ovl, with its last lines
 */
export async function layOvls(request: OvlsRequest): Promise<readonly string[]> {
  const { clusterDirectory, packing, extra, onLine, signal } = request
  const archive = (index: number) => path.join(clusterDirectory, `ovl-${index}.tar`)
  const netns = async () => {
    const members = await collectMembers(packing, line => onLine(`ovl netns: ${line}`))
    await writeArchive(members, packing.time, archive(0), signal)
    return await makeDisk('netns', archive(0), signal)
  }
  const others = extra.map(async ({ name, directory }, index) => {
    const file = archive(index + 1)
    const lines = (line: string) => onLine(`ovl ${name}: ${line}`)
    await run(path.join(directory, 'tar'), [file], {
      signal,
      onErrorLine: lines,
      failure: { exitCode: 4, code: 'OVL_FAILED' },
    })
    return await makeDisk(name, file, signal)
  })
  return await Promise.all([netns(), ...others])
}

async function makeDisk(name: string, archive: string, signal: AbortSignal): Promise<string> {
  if (!fs.existsSync(archive))
    throw infrastructureFailure('OVL_FAILED', `ovl ${name}: its tar ended well and wrote no archive`)
  const disk = archive.replace(/\.tar$/, '.squashfs')
  // Not compressed, as the root is not: see image/build.ts.
  const plain = ['-noI', '-noD', '-noF', '-noX', '-no-xattrs', '-all-root', '-quiet', '-no-progress']
  await run('/bin/sh', ['-c', 'archive=$1 && shift && exec sqfstar "$@" <"$archive"', 'sh', archive, ...plain, disk], {
    signal,
    failure: { exitCode: 4, code: 'OVL_FAILED', hint: `is what ovl ${name} packs a tar archive?` },
  })
  fs.rmSync(archive)
  fs.truncateSync(disk, slotBytes(fs.statSync(disk).size))
  return disk
}

/** Disks have few sizes, so that a VM that was saved with other ovls has disks of the same size. What is added takes no space. */
export const slotBytes = (bytes: number): number => Math.ceil(bytes / 2 ** 30) * 2 ** 30
