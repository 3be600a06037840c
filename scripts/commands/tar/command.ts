import type { Command } from 'commander'
import { usageFailure } from '../../errors/failure.ts'
import { callersEnvironment } from '../../host/environment.ts'
import type { PackingOptions } from '../../settings/packing.ts'

/**
 * Adds the arguments and options of packing to a command: `tar.ts` and `netns.ts tar` have the same.
 * @param signal stops it
 */
export function definePacking(command: Command, signal: AbortSignal): Command {
  return addPackingOptions(command)
    .description("pack the ovl into a tar archive: this repository's files, random addresses, CNI plugins, ipu")
    .argument('<file>', 'the archive to be written; - for standard output')
    .option('--require <parts>', 'fail when a part is not found: cni, ipu, or cni,ipu')
    .action(async (file: string, options: PackingOptions) => {
      const { readPacking } = await import('../../settings/packing.ts')
      const { findCache } = await import('../../settings/settings.ts')
      const packing = readPacking(options, callersEnvironment)
      const notice = (line: string) => process.stderr.write(`${line}\n`)
      if (file === '-' && process.stdout.isTTY) {
        throw usageFailure('BAD_OUTPUT', 'standard output is a terminal, and an archive is no text', {
          hint: 'send it into a file or a pipe',
        })
      }
      const { packOvl } = await import('../../ovl/packed.ts')
      // Loaded while the archives are unpacked, which another thread does.
      const output = import('../../ovl/output.ts')
      const ovl = await packOvl(packing, findCache(callersEnvironment), notice, signal)
      const { writeArchive, writeStream } = await output
      signal.throwIfAborted()
      if (file === '-') await writeStream(ovl.blocks, process.stdout, 'standard output', signal)
      else await writeArchive(ovl.blocks, file, signal)
    })
}

/** The options that decide what is in the ovl; `test` has them too. */
export const addPackingOptions = (command: Command): Command =>
  command
    .optionsGroup('The ovl netns:')
    .option('--cni <place>', 'CNI plugins: a release archive, or a directory')
    .option('--seed <n>', 'of the random addresses; the same seed gives the same archive')
