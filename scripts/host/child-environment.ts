import { callersEnvironment } from './environment.ts'
import { searchPath } from './requirements.ts'

/**
 * The environment of a process that stays: /proc shows it for as long as the process lives, so the caller's tokens and passwords have
 * no place in it.
 * @param names of more variables that the process needs
 */
export function childEnvironment(...names: readonly string[]): Readonly<Record<string, string>> {
  const taken = ['LD_LIBRARY_PATH', ...names].flatMap(name => {
    const value = callersEnvironment[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(taken), PATH: searchPath(callersEnvironment).join(':'), LC_ALL: 'C' }
}
