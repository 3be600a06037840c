import { callersEnvironment } from './environment.ts'
import { searchPath } from './requirements.ts'

/**
 * Minimal environment for a long-lived process: /proc exposes it, so it must not contain the caller's tokens and
 * passwords.
 * @param names further variables to pass on
 */
export function childEnvironment(...names: readonly string[]): Readonly<Record<string, string>> {
  const passed = ['LD_LIBRARY_PATH', ...names].flatMap(name => {
    const value = callersEnvironment[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(passed), PATH: searchPath(callersEnvironment).join(':'), LC_ALL: 'C' }
}
