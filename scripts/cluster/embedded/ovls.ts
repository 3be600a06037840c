import fs from 'node:fs'
import path from 'node:path'
import { ensureEntry, entryDirectory } from '../../cache/cached.ts'
import { infrastructureFailure } from '../../errors/failure.ts'
import { run } from '../../host/command.ts'
import { writeArchive } from '../../ovl/output.ts'
import { packOvl } from '../../ovl/packed.ts'
import type { Packing } from '../../settings/packing.ts'
import type { OvlDirectory } from '../cluster.ts'

export interface OvlsRequest {
  readonly cacheDirectory: string
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
 * and share one copy in the host's page cache. That of netns is kept, without its random addresses: these come with the VM's
 * identity.
 * @returns the disks, in the order of the ovls
 * @throws Failure of the packing; OVL_FAILED (exit 4) naming the ovl, with its last lines
 */
export async function layOvls(request: OvlsRequest): Promise<readonly string[]> {
  const { clusterDirectory, extra, onLine, signal } = request
  const others = extra.map(async ({ name, directory }, index) => {
    const archive = path.join(clusterDirectory, `ovl-${index + 1}.tar`)
    const lines = (line: string) => onLine(`ovl ${name}: ${line}`)
    await run(path.join(directory, 'tar'), [archive], {
      signal,
      onErrorLine: lines,
      failure: { exitCode: 4, code: 'OVL_FAILED' },
    })
    return await makeDisk(name, archive, signal)
  })
  return await Promise.all([layNetns(request), ...others])
}

const DISK = 'ovl.squashfs'

async function layNetns({ cacheDirectory, clusterDirectory, packing, onLine, signal }: OvlsRequest): Promise<string> {
  const ovl = await packOvl(packing, cacheDirectory, line => onLine(`ovl netns: ${line}`), signal)
  const make = async (directory: string) => {
    const archive = path.join(directory, 'ovl.tar')
    await writeArchive(ovl.blocks, archive, signal)
    return await makeDisk('netns', archive, signal)
  }
  if (ovl.key === undefined) return await make(clusterDirectory)
  const entry = { cacheDirectory, kind: 'disk', key: ovl.key, files: [DISK] }
  await ensureEntry({ ...entry, make: async directory => ({ of: await make(directory) }), onProgress: () => {} })
  return path.join(entryDirectory(entry), DISK)
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

const LEAST_SLOT = 64 * 2 ** 20

/** Disks have few sizes, so that a VM that was saved with other ovls has disks of the same size. What is added takes no space. */
export const slotBytes = (bytes: number): number => Math.max(LEAST_SLOT, 2 ** Math.ceil(Math.log2(bytes)))
