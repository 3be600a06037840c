import os from 'node:os'
import path from 'node:path'
import { environmentFailure, usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { callersEnvironment } from '../host/environment.ts'

/**
 * The user's home: $HOME, else what the passwd database says.
 * @returns undefined for a user without either, as in a container that runs under a bare number
 */
export function findHome(environment: Environment): string | undefined {
  return environment.HOME || accountOf()?.homedir || undefined
}

/** The user's entry of the passwd database; undefined where there is none. */
export function accountOf(): os.UserInfo<string> | undefined {
  try {
    return os.userInfo()
  } catch {
    return undefined // Node throws for a number that has no entry
  }
}

/**
 * A file name as the user means it: shells leave the `~` of `--results=~/x` and of variables as it is.
 * @param what the option or variable, for the message
 * @throws Failure BAD_VALUE (exit 2) for another user's home, NO_HOME (exit 3)
 */
export function expandHome(what: string, file: string, environment: Environment = callersEnvironment): string {
  const [, user, rest = ''] = /^~([^/]*)(\/.*)?$/s.exec(file) ?? []
  if (user === undefined) return file
  if (user !== '') {
    throw usageFailure('BAD_VALUE', `${what}=${file}: only one's own home can be written as ~`, {
      hint: `the whole path, or ./${file} for a file of that name`,
    })
  }
  const home = findHome(environment)
  if (home === undefined) throw noHome(`${what}=${file}`, 'write the whole path')
  return path.join(home, rest)
}

/** @param what needs a home */
export const noHome = (what: string, hint: string) =>
  environmentFailure(
    'NO_HOME',
    `${what}: this user has no home: HOME is not set, and the passwd database has no entry`,
    {
      hint,
    },
  )
