import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { ensureEntry, entryDirectory } from '../../cache/cached.ts'
import { childEnvironment } from '../../host/child-environment.ts'
import { run } from '../../host/command.ts'
import type { GuestImage } from '../vm/image/cache.ts'

/** The files of an image or ovl, unpacked for overlayfs. */
export interface TreeRequest {
  readonly cacheDirectory: string
  /** See {@link ensureEntry}. */
  readonly kind: string
  readonly key: string
  /** Unpacks into a directory that does not exist yet. */
  readonly unpack: (directory: string) => Promise<void>
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}

const TREE = 'tree'
/** The digest of the tree's listing, in a file that the cache's manifest covers. */
const LISTING = 'listing.sha256'

/**
 * Unpacks a tree into the cache when it is missing or changed.
 * @returns its directory
 * @throws Failure of the cache (exit 3), or of the unpacking
 */
export async function ensureTree(request: TreeRequest): Promise<string> {
  const { cacheDirectory, kind, key, unpack, onProgress, signal } = request
  const make = async (directory: string) => {
    await unpack(path.join(directory, TREE))
    fs.writeFileSync(path.join(directory, LISTING), await listingDigest(path.join(directory, TREE)))
    return {}
  }
  const entry = { cacheDirectory, kind, key, files: [LISTING], build: make, onProgress, signal }
  const directory = entryDirectory(entry)
  const isIntact = async () =>
    fs.readFileSync(path.join(directory, LISTING), 'utf8') === (await listingDigest(path.join(directory, TREE)))
  await ensureEntry(entry)
  if (!(await isIntact())) {
    onProgress(`${kind}: ${directory} is damaged (its files were changed)`)
    await ensureEntry(entry, true)
  }
  return path.join(directory, TREE)
}

/** The image's files, out of its squashfs. */
export const ensureImageTree = (
  image: Pick<GuestImage, 'digest' | 'root'>,
  request: Pick<TreeRequest, 'cacheDirectory' | 'onProgress' | 'signal'>,
): Promise<string> =>
  ensureTree({
    ...request,
    kind: 'tree',
    key: image.digest.slice(0, 16),
    unpack: async directory => {
      request.onProgress('tree: unpacking the image for nodes that are namespaces')
      const words = ['-quiet', '-no-progress', '-no-xattrs', '-dest', directory, image.root]
      await run('unsquashfs', words, { signal: request.signal, reapOrphans: true })
    },
  })

/** The digest of type, mode, size, time and link target of all files, by a process that runs concurrently. */
async function listingDigest(directory: string): Promise<string> {
  const words = ['.', '-printf', '%y %m %s %T@ %l %p\\n']
  const options = { cwd: directory, env: childEnvironment(), maxBuffer: 256 * 2 ** 20, encoding: 'buffer' } as const
  const { stdout } = await promisify(execFile)('find', words, options)
  return createHash('sha256').update(stdout).digest('hex')
}
