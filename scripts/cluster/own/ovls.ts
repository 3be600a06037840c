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

/** Turns archives of ovls into layers of the nodes' root. */
export interface LayerForm {
  /**
   * @param name of the ovl, for messages
   * @returns the file or directory of the layer
   */
  make(name: string, archive: string, signal: AbortSignal): Promise<string>
  /**
   * Creates a layer in the cache.
   * @param make writes the archive into a directory, and turns it into a layer
   */
  keep(key: string, make: (directory: string) => Promise<string>): Promise<string>
}

export interface OvlsRequest {
  readonly cacheDirectory: string
  readonly clusterDirectory: string
  readonly packing: Packing
  /** Ovls beside netns, which comes first. */
  readonly extra: readonly OvlDirectory[]
  /** Called with lines of the packing. */
  readonly onLine: (line: string) => void
  readonly onComponent: (component: Component) => void
  readonly signal: AbortSignal
  /** Disks when missing. */
  readonly form?: LayerForm
}

/**
 * Packs each ovl as a layer, by default a read-only disk: it takes no memory of the VMs, which share one copy in the
 * host's page cache. The layer of netns is cached without its random addresses, which are part of a node's identity.
 * @returns the layers, in the order of the ovls
 * @throws Failure of the packing; OVL_FAILED (exit 3) naming the ovl, with its last lines
 */
export async function layOvls(request: OvlsRequest): Promise<readonly string[]> {
  const { clusterDirectory, extra, onLine, onComponent, signal, form = disks(request) } = request
  const others = extra.map(async ({ name, directory }, index) => {
    const archive = path.join(clusterDirectory, `ovl-${index + 1}.tar`)
    const lines = (line: string) => onLine(`ovl ${name}: ${line}`)
    await run(path.join(directory, 'tar'), [archive], {
      signal,
      onErrorLine: lines,
      failure: { exitCode: 3, code: 'OVL_FAILED', subject: `ovl ${name}: its tar` },
    })
    if (!fs.existsSync(archive)) throw noArchive(name)
    const [layer, digest] = await Promise.all([form.make(name, archive, signal), digestOf(archive, signal)])
    fs.rmSync(archive)
    onComponent({ name: `ovl ${name}`, digest, place: directory })
    return layer
  })
  return await Promise.all([layNetns(request, form), ...others])
}

const DISK = 'ovl.squashfs'
/** Disks of other ovls that stay in the cache. */
const MOST_KEPT = 8

async function layNetns(request: OvlsRequest, form: LayerForm): Promise<string> {
  const { cacheDirectory, clusterDirectory, packing, onLine, onComponent, signal } = request
  const ovl = await packOvl(packing, cacheDirectory, line => onLine(`ovl netns: ${line}`), signal)
  onComponent({ name: 'ovl netns', version: programVersion(), digest: ovl.digest() })
  for (const { name, version, place } of ovl.parts) onComponent({ name, version, place })
  const make = async (directory: string) => {
    const archive = path.join(directory, 'ovl.tar')
    await writeArchive(ovl.blocks, archive, signal)
    const layer = await form.make('netns', archive, signal)
    fs.rmSync(archive)
    return layer
  }
  return ovl.key === undefined ? await make(clusterDirectory) : await form.keep(ovl.key, make)
}

const disks = ({ cacheDirectory, signal }: OvlsRequest): LayerForm => ({
  make: makeDisk,
  keep: async (key, make) => {
    const entry = { cacheDirectory, kind: 'disk', key, files: [DISK], maxEntries: MOST_KEPT }
    await ensureEntry({
      ...entry,
      build: async directory => ({ of: await make(directory) }),
      onProgress: () => {},
      signal,
    })
    return path.join(entryDirectory(entry), DISK)
  },
})

/** Runs concurrently with the program that creates the disk. */
async function digestOf(archive: string, signal: AbortSignal): Promise<string> {
  return (await run('sha256sum', ['--', archive], { signal })).slice(0, 64)
}

const noArchive = (name: string) =>
  environmentFailure('OVL_FAILED', `ovl ${name}: its tar succeeded but wrote no archive to the file that it was given`)

/** sqfstar is the name of mksquashfs for archives; some distributions install only the latter. */
export const MAKE_DISK = [
  'archive=$1 disk=$2 && shift 2',
  'if command -v sqfstar >/dev/null; then exec sqfstar "$@" "$disk" <"$archive"; fi',
  // Before 4.5, which reads archives.
  'if mksquashfs -help 2>&1 | grep -q -e "-tar"; then exec mksquashfs - "$disk" -tar "$@" <"$archive"; fi',
  'mkdir "$disk.d" && tar -xf "$archive" -C "$disk.d" --same-permissions || exit',
  'mksquashfs "$disk.d" "$disk" "$@" && rm -rf "$disk.d"',
].join('\n')

async function makeDisk(name: string, archive: string, signal: AbortSignal): Promise<string> {
  const disk = archive.replace(/\.tar$/, '.squashfs')
  // Not compressed: see image/build.ts.
  const plain = ['-noI', '-noD', '-noF', '-noX', '-no-xattrs', '-all-root', '-quiet', '-no-progress']
  await run('/bin/sh', ['-c', MAKE_DISK, 'sh', archive, disk, ...plain], {
    signal,
    failure: {
      exitCode: 3,
      code: 'OVL_FAILED',
      hint: `does the tar of ovl ${name} write a tar archive?`,
      subject: `ovl ${name}: sqfstar, which reads its archive,`,
    },
  })
  fs.truncateSync(disk, slotBytes(fs.statSync(disk).size))
  return disk
}

/** The minimum size of a disk in bytes. */
export const LEAST_SLOT = 64 * 2 ** 20

/** Few different sizes, so that templates fit other ovls. The padding takes no space. */
const slotBytes = (bytes: number): number => Math.max(LEAST_SLOT, 2 ** Math.ceil(Math.log2(bytes)))
