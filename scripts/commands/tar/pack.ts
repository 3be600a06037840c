import { usageFailure } from '../../errors/failure.ts'
import { callersEnvironment } from '../../host/environment.ts'
import { type PackingOptions, readPacking } from '../../settings/packing.ts'
import { findCache } from '../../settings/settings.ts'

/**
 * Packs the ovl.
 * @param file the archive, or `-` for stdout
 * @param writtenAs an option as the user wrote it, for messages
 * @throws Failure BAD_OUTPUT (exit 2), and of the packing
 */
export async function pack(
  file: string,
  options: PackingOptions,
  writtenAs: (option: string) => string,
  signal: AbortSignal,
): Promise<void> {
  const packing = readPacking(options, callersEnvironment, writtenAs)
  const notice = (line: string) => process.stderr.write(`${line}\n`)
  if (file === '-' && process.stdout.isTTY) {
    throw usageFailure('BAD_OUTPUT', 'standard output is a terminal, but an archive is binary', {
      hint: 'redirect it to a file or a pipe',
    })
  }
  const { packOvl } = await import('../../ovl/packed.ts')
  // Loaded while another thread unpacks the archives.
  const output = import('../../ovl/output.ts')
  const ovl = await packOvl(packing, findCache(callersEnvironment), notice, signal)
  const { writeArchive, writeStream } = await output
  signal.throwIfAborted()
  if (file === '-') await writeStream(ovl.blocks, process.stdout, 'standard output', signal)
  else await writeArchive(ovl.blocks, file, signal)
}
