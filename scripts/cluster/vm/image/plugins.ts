import fs from 'node:fs'
import path from 'node:path'
import { ensureEntry } from '../../../cache/cached.ts'
import { type Guest, nativeArchitecture, PLUGINS, pluginsEntry } from '../../../settings/guest.ts'
import { openApt } from './apt.ts'
import type { ImageRequest } from './cache.ts'
import { readPackageSources } from './sources.ts'

const PACKAGE = 'containernetworking-plugins'
/** The plugins that tests use; the directory has all of them. */
const FILES = ['bridge', 'host-local'].map(name => path.join(PLUGINS, name))

/**
 * Downloads Debian's CNI plugins into the cache for guests of another architecture than the host's, whose plugins
 * cannot run there. The settings refer to the directory: see `packingFor`.
 * @throws Failure NO_PACKAGES, CACHE_NOT_WRITABLE (exit 3)
 */
export async function ensurePlugins(
  guest: Guest,
  { cacheDirectory, onProgress, signal }: Pick<ImageRequest, 'cacheDirectory' | 'onProgress' | 'signal'>,
): Promise<void> {
  if (guest.architecture === nativeArchitecture()) return
  const build = async (directory: string) => {
    onProgress(`plugins: downloading ${PACKAGE} for ${guest.architecture}`)
    const scratch = path.join(directory, 'apt')
    const sources = await readPackageSources(guest)
    const apt = await openApt(scratch, guest, sources.lines, sources, signal)
    const version = await apt.unpack(PACKAGE, path.join(scratch, 'tree'))
    fs.renameSync(path.join(scratch, 'tree/usr/lib/cni'), path.join(directory, PLUGINS))
    fs.rmSync(scratch, { recursive: true })
    return { version }
  }
  await ensureEntry({ ...pluginsEntry(guest), cacheDirectory, files: FILES, build, onProgress, signal })
}
