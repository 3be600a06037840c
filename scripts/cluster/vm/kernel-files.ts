import fs from 'node:fs'
import path from 'node:path'
import { usageFailure } from '../../errors/failure.ts'
import { type Guest, kernelFile } from '../../settings/guest.ts'

/**
 * Checks a kernel that the user built, and its modules, before anything is downloaded or started.
 * @throws Failure BAD_KERNEL, BAD_VALUE (exit 2)
 */
export async function requireKernelFiles(guest: Guest): Promise<void> {
  const { architecture, modulesDirectory } = guest
  const file = kernelFile(guest)
  if (file === undefined) return // Loaded on demand: most runs use Debian's kernel.
  ;(await import('./image/kernel.ts')).requireKernel(file, architecture)
  const isModules = (directory: string) =>
    ['kernel', 'modules.builtin'].some(name => fs.existsSync(path.join(directory, name)))
  if (modulesDirectory === undefined || isModules(modulesDirectory)) return
  throw usageFailure('BAD_VALUE', `--modules=${modulesDirectory}: no modules of a kernel in it`, {
    hint: 'expected lib/modules/<version>, as `make modules_install INSTALL_MOD_PATH=…` creates it',
  })
}
