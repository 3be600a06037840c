import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ensureImage } from '../../scripts/cluster/vm/image/cache.ts'
import { callersEnvironment } from '../../scripts/host/environment.ts'
import { readDirectories } from '../../scripts/settings/settings.ts'
import { tool } from '../needs.ts'

const HERE = import.meta.dirname
const TOP = path.resolve(HERE, '../..')

/** The files and variables of a fake xcluster. */
export interface StandIn {
  readonly workspace: string
  /** $XCLUSTER and related variables. */
  readonly environment: Readonly<Record<string, string>>
  /** Stops remaining VMs, and removes the workspace. */
  remove(): void
}

/**
 * Creates a workspace for the fake xcluster, with this repository linked as the ovl netns, as users do.
 * @param where the parent directory of the workspace
 */
export async function standIn(where = os.tmpdir()): Promise<StandIn> {
  const workspace = fs.mkdtempSync(path.join(where, 'netns-stand-in-'))
  const [home, ovls] = [path.join(workspace, 'xcluster'), path.join(workspace, 'my-ovls')]
  for (const directory of [home, ovls]) fs.mkdirSync(directory)
  const { cache } = readDirectories(callersEnvironment)
  const image = await ensureImage({ cacheDirectory: cache, onProgress: () => {} })
  fs.symlinkSync(image.root, path.join(home, 'hd.img'))
  fs.symlinkSync(image.kernel, path.join(home, 'bzImage'))
  fs.writeFileSync(path.join(home, 'initrd'), Buffer.concat([fs.readFileSync(image.initrd), packedInit()]))
  // Its `tar` is behind two symbolic links, as in a user's collection of ovls.
  fs.symlinkSync(TOP, path.join(workspace, 'checkout'))
  fs.symlinkSync('../checkout', path.join(ovls, 'netns'))
  const environment = {
    XCLUSTER: path.join(HERE, 'xcluster'),
    XCLUSTER_WORKSPACE: workspace,
    XCLUSTER_HOME: home,
    XCLUSTER_TMP: path.join(workspace, 'tmp'),
    XCLUSTER_OVLPATH: `${ovls}:${path.join(HERE, 'ovl')}`,
  }
  const remove = () => {
    execFileSync(environment.XCLUSTER, ['stop'], { env: { ...process.env, ...environment } })
    fs.rmSync(workspace, { recursive: true, force: true })
  }
  return { workspace, environment, remove }
}

/** An archive to append to the initrd; its files override earlier ones (Linux, "initramfs buffer format"). */
function packedInit(): Buffer {
  return execFileSync(tool('cpio'), ['--quiet', '-o', '-H', 'newc', '-R', '0:0'], {
    cwd: path.join(HERE, 'guest'),
    input: 'init\n',
  })
}
