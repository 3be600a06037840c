import path from 'node:path'
import { readEnd } from '../../consoles/end-of-file.ts'

/**
 * The size limit of a node's console, so that an endless writer does not fill the host's disk; the rest is dropped. For a
 * VM it limits all files that its QEMU writes, unless its memory is such a file.
 */
export const MOST_CONSOLE_BYTES = 16 * 2 ** 20

/** A node's console, a file of the cluster's directory. */
export const consoleFile = (node: string): string => `${node}.console`

/** Consoles hold the guest's terminal codes, which must not reach a log or the person's terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]/g

/** The end of what a VM has written on its serial console so far; empty when there is none. */
export const readConsole = (clusterDirectory: string, node: string): string =>
  (readEnd(path.join(clusterDirectory, consoleFile(node)), { maxSize: MOST_CONSOLE_BYTES }) ?? '').replace(CONTROL, '')

/** The last lines of it that say something; of a kernel that panicked, those up to the panic and not its call trace. */
export function consoleTail(clusterDirectory: string, node: string, count: number): readonly string[] {
  const lines = readConsole(clusterDirectory, node)
    .split('\n')
    .filter(line => line.trim() !== '')
  const panic = lines.findIndex(line => line.includes('Kernel panic'))
  return (panic < 0 ? lines : lines.slice(0, panic + 1)).slice(-count)
}
