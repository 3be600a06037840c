import fs from 'node:fs'
import path from 'node:path'
import { run } from '../../host/command.ts'
import type { LayerForm } from '../own/ovls.ts'
import { ensureTree } from './tree.ts'

export interface LayersRequest {
  readonly cacheDirectory: string
  readonly clusterDirectory: string
  readonly signal: AbortSignal
}

/** Ovls as directories for overlayfs, above the image's tree. */
export const directories = ({ cacheDirectory, clusterDirectory, signal }: LayersRequest): LayerForm => ({
  make: unpackArchive,
  keep: async (key, make) => {
    const unpack = async (directory: string) => {
      fs.renameSync(await make(path.dirname(directory)), directory)
    }
    const tree = await ensureTree({ cacheDirectory, kind: 'layer', key, unpack, onProgress: () => {}, signal })
    // The cache may drop it while the cluster runs.
    const own = path.join(clusterDirectory, 'ovl-netns')
    linkTree(tree, own)
    return own
  },
})

/** The files belong to the user, who is root in the nodes. Modes do not depend on the umask. */
async function unpackArchive(name: string, archive: string, signal: AbortSignal): Promise<string> {
  const directory = archive.replace(/\.tar$/, '')
  fs.mkdirSync(directory, { mode: 0o755 })
  const words = ['-xf', archive, '-C', directory, '--no-same-owner', '--same-permissions', '--delay-directory-restore']
  await run('tar', words, {
    signal,
    failure: {
      exitCode: 3,
      code: 'OVL_FAILED',
      hint: `does the tar of ovl ${name} write an archive without devices?`,
      subject: `ovl ${name}: tar, which unpacks its archive,`,
    },
  })
  return directory
}

/** Copies a tree with hard links, or with copies across file systems. */
function linkTree(from: string, to: string): void {
  fs.mkdirSync(to)
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) linkTree(source, target)
    else if (entry.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(source), target)
    else link(source, target)
  }
  fs.chmodSync(to, fs.statSync(from).mode & 0o7777)
}

function link(source: string, target: string): void {
  try {
    fs.linkSync(source, target)
  } catch {
    fs.copyFileSync(source, target)
    fs.chmodSync(target, fs.statSync(source).mode & 0o7777)
  }
}
