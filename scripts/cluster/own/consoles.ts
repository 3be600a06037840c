import path from 'node:path'
import { readEnd } from '../../consoles/end-of-file.ts'

/**
 * The size limit of a node's console; further output is dropped. For a VM it limits all files that QEMU writes, unless
 * its memory is one.
 */
export const MOST_CONSOLE_BYTES = 16 * 2 ** 20

/** The name of a node's console in the cluster's directory. */
export const consoleFile = (node: string): string => `${node}.console`

/** The guest's terminal codes must not reach a log or the user's terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters
const CONTROL = /\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]/g

/** The end of a node's console; empty when there is none. */
export const readConsole = (clusterDirectory: string, node: string): string =>
  (readEnd(path.join(clusterDirectory, consoleFile(node)), { maxSize: MOST_CONSOLE_BYTES }) ?? '').replace(CONTROL, '')

/** The last lines of a console that are not empty; up to a kernel panic, without its call trace. */
export function consoleTail(clusterDirectory: string, node: string, count: number): readonly string[] {
  const lines = readConsole(clusterDirectory, node)
    .split('\n')
    .filter(line => line.trim() !== '')
  const panic = lines.findIndex(line => line.includes('Kernel panic'))
  return (panic < 0 ? lines : lines.slice(0, panic + 1)).slice(-count)
}
