import fs from 'node:fs'
import path from 'node:path'
import { ensureEntry, entryDirectory } from '../../cache/cached.ts'
import { environmentFailure } from '../../errors/failure.ts'
import type { Component } from '../../events/events.ts'
import { run } from '../../host/command.ts'
import { programVersion } from '../../host/version.ts'
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
  /** Gets what goes in. */
  readonly onComponent: (component: Component) => void
  readonly signal: AbortSignal
}

/**
 * Packs the ovls and makes a read-only disk of each: the VMs lay them over their root, so that they take none of their memory,
 * and share one copy in the host's page cache. That of netns is kept, without its random addresses: these come with the VM's
 * identity.
 * @returns the disks, in the order of the ovls
 * @throws Failure of the packing; OVL_FAILED (exit 3) naming the ovl, with its last lines
 */
export async function layOvls(request: OvlsRequest): Promise<readonly string[]> {
  const { clusterDirectory, extra, onLine, onComponent, signal } = request
  const others = extra.map(async ({ name, directory }, index) => {
    const archive = path.join(clusterDirectory, `ovl-${index + 1}.tar`)
    const lines = (line: string) => onLine(`ovl ${name}: ${line}`)
    await run(path.join(directory, 'tar'), [archive], {
      signal,
      onErrorLine: lines,
      failure: { exitCode: 3, code: 'OVL_FAILED', subject: `ovl ${name}: its tar` },
    })
    const [disk, digest] = await Promise.all([makeDisk(name, archive, signal), digestOf(archive, signal)])
    fs.rmSync(archive)
    onComponent({ name: `ovl ${name}`, digest, place: directory })
    return disk
  })
  return await Promise.all([layNetns(request), ...others])
}

const DISK = 'ovl.squashfs'
/** Disks of other ovls that stay in the cache. */
const MOST_KEPT = 8

async function layNetns(request: OvlsRequest): Promise<string> {
  const { cacheDirectory, clusterDirectory, packing, onLine, onComponent, signal } = request
  const ovl = await packOvl(packing, cacheDirectory, line => onLine(`ovl netns: ${line}`), signal)
  onComponent({ name: 'ovl netns', version: programVersion(), digest: ovl.digest() })
  for (const { name, version, place } of ovl.parts) onComponent({ name, version, place })
  const make = async (directory: string) => {
    const archive = path.join(directory, 'ovl.tar')
    await writeArchive(ovl.blocks, archive, signal)
    const disk = await makeDisk('netns', archive, signal)
    fs.rmSync(archive)
    return disk
  }
  if (ovl.key === undefined) return await make(clusterDirectory)
  const entry = { cacheDirectory, kind: 'disk', key: ovl.key, files: [DISK], most: MOST_KEPT }
  await ensureEntry({
    ...entry,
    make: async directory => ({ of: await make(directory) }),
    onProgress: () => {},
    signal,
  })
  return path.join(entryDirectory(entry), DISK)
}

/** By a process of its own, beside the one that makes the disk. */
async function digestOf(archive: string, signal: AbortSignal): Promise<string> {
  if (!fs.existsSync(archive)) return '' // makeDisk tells
  return (await run('sha256sum', ['--', archive], { signal })).slice(0, 64)
}

async function makeDisk(name: string, archive: string, signal: AbortSignal): Promise<string> {
  if (!fs.existsSync(archive))
    throw environmentFailure(
      'OVL_FAILED',
      `ovl ${name}: its tar succeeded but wrote no archive to the file that it was given`,
    )
  const disk = archive.replace(/\.tar$/, '.squashfs')
  // Not compressed, as the root is not: see image/build.ts.
  const plain = ['-noI', '-noD', '-noF', '-noX', '-no-xattrs', '-all-root', '-quiet', '-no-progress']
  await run('/bin/sh', ['-c', 'archive=$1 && shift && exec sqfstar "$@" <"$archive"', 'sh', archive, ...plain, disk], {
    signal,
    failure: {
      exitCode: 3,
      code: 'OVL_FAILED',
      hint: `is what ovl ${name} packs a tar archive?`,
      subject: `ovl ${name}: sqfstar, which reads its archive,`,
    },
  })
  fs.truncateSync(disk, slotBytes(fs.statSync(disk).size))
  return disk
}

/** The smallest disk of an ovl, in bytes. */
export const LEAST_SLOT = 64 * 2 ** 20

/** Disks have few sizes, so that a VM that was saved with other ovls has disks of the same size. What is added takes no space. */
export const slotBytes = (bytes: number): number => Math.max(LEAST_SLOT, 2 ** Math.ceil(Math.log2(bytes)))
