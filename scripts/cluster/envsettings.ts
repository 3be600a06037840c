import fs from 'node:fs'
import path from 'node:path'
import { run } from '../host/command.ts'
import type { Environment } from '../host/environment.ts'

/** Variables that every shell changes. */
const SHELL_VARIABLES = ['_', 'PWD', 'OLDPWD', 'SHLVL']

/** The file that configures a topology, in the directory of the ovl network-topology. */
export const envsettingsOf = (directory: string, topology: string): string =>
  path.join(directory, topology, 'Envsettings')

/**
 * Finds a topology's file in the user's checkout of xcluster.
 * @param ovlPath directories to search for ovls
 * @returns undefined when there is none
 */
export const findEnvsettings = (ovlPath: readonly string[], topology: string): string | undefined =>
  ovlPath
    .map(place => envsettingsOf(path.resolve(place, 'network-topology'), topology))
    .find(file => fs.existsSync(file))

/**
 * Sources an `Envsettings` file in a shell, as xcluster's tests do.
 * @param values variables for the file, besides the caller's environment
 * @param onLine called with each line that the file prints
 * @returns the variables that it changed
 * @throws Failure BAD_TOPOLOGY (exit 3); the signal's reason when it is aborted
 */
export async function sourceEnvsettings(
  file: string,
  values: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<Environment> {
  const print = async (script: string) => {
    const words = ['-c', script, 'sh', file]
    const failure = { exitCode: 3, code: 'BAD_TOPOLOGY' } as const
    const text = await run('/bin/sh', words, { environment: values, signal, onErrorLine: onLine, failure })
    return new Map(text.split('\0').map(entry => entry.split(/=(.*)/s) as [string, string]))
  }
  // The file's output goes to stderr: stdout is for `env`.
  const [unchanged, changed] = await Promise.all([print('exec env -0'), print('set -a; . "$1" >&2; exec env -0')])
  const changes = [...changed].filter(
    ([name, value]) => name && !SHELL_VARIABLES.includes(name) && unchanged.get(name) !== value,
  )
  return Object.fromEntries(changes)
}
