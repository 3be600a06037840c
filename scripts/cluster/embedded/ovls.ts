import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../../errors/failure.ts'
import { run } from '../../host/command.ts'
import type { OvlDirectory } from '../cluster.ts'

/** This repository is an ovl itself. */
const NETNS: OvlDirectory = { name: 'netns', directory: path.resolve(import.meta.dirname, '../../..') }

/**
 * Packs ovls as xcluster does, by `<ovl>/tar <file>`, and makes a read-only disk of each: the VMs lay them over their root, so
 * that they take none of their memory, and share one copy in the host's page cache.
 * @returns the disks, in the order of the ovls; netns comes first
 * @throws Failure OVL_FAILED (exit 3) naming the ovl, with its last lines
 */
export async function layOvls(
  clusterDirectory: string,
  extra: readonly OvlDirectory[],
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return await Promise.all([NETNS, ...extra].map((ovl, index) => layOvl(ovl, index, clusterDirectory, onLine, signal)))
}

async function layOvl(
  { name, directory }: OvlDirectory,
  index: number,
  clusterDirectory: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const archive = path.join(clusterDirectory, `${String(index).padStart(2, '0')}${name}.tar`)
  const disk = archive.replace(/\.tar$/, '.squashfs')
  await run(path.join(directory, 'tar'), [archive], {
    signal,
    onErrorLine: line => onLine(`ovl ${name}: ${line}`),
    failure: { exitCode: 3, code: 'OVL_FAILED' },
  })
  if (!fs.existsSync(archive)) throw environmentFailure('OVL_FAILED', `${directory}/tar made no archive`)
  const plain = ['-noI', '-noD', '-noF', '-noX', '-no-xattrs', '-all-root', '-quiet', '-no-progress']
  await run('/bin/sh', ['-c', 'archive=$1 && shift && exec sqfstar "$@" <"$archive"', 'sh', archive, disk, ...plain], {
    signal,
    failure: { exitCode: 3, code: 'OVL_FAILED', hint: `is what ${directory}/tar makes a tar archive?` },
  })
  fs.rmSync(archive)
  return disk
}
