import fs from 'node:fs'
import path from 'node:path'
import { run } from '../host/command.ts'
import type { Environment } from '../host/environment.ts'

/** Variables that a shell changes by itself. */
const SHELLS_OWN = ['_', 'PWD', 'OLDPWD', 'SHLVL']

/** The file that sets a topology up, in the directory of the ovl network-topology. */
export const envsettingsOf = (directory: string, topology: string): string =>
  path.join(directory, topology, 'Envsettings')

/**
 * Finds a topology's file in the user's checkout of xcluster.
 * @param ovlPath directories in which ovls are looked for
 * @returns undefined where there is none
 */
export const findEnvsettings = (ovlPath: readonly string[], topology: string): string | undefined =>
  ovlPath
    .map(place => envsettingsOf(path.resolve(place, 'network-topology'), topology))
    .find(file => fs.existsSync(file))

/**
 * Sources such a file in a shell, as xcluster's own tests do.
 * @param values what the file may use, besides the caller's environment
 * @param onLine gets what the file prints
 * @returns the variables that it changed
 * @throws Failure BAD_TOPOLOGY (exit 3); the signal's reason when that is aborted
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
  // What it prints must not get in between.
  const [unchanged, changed] = await Promise.all([print('exec env -0'), print('set -a; . "$1" >&2; exec env -0')])
  const changes = [...changed].filter(
    ([name, value]) => name && !SHELLS_OWN.includes(name) && unchanged.get(name) !== value,
  )
  return Object.fromEntries(changes)
}
