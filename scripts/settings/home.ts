import os from 'node:os'
import path from 'node:path'
import { environmentFailure, usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { callersEnvironment } from '../host/environment.ts'

/**
 * The user's home directory: $HOME, else that of the passwd database.
 * @returns undefined for a user without either, such as a bare uid in a container
 */
export function findHome(environment: Environment): string | undefined {
  return environment.HOME || findAccount()?.homedir || undefined
}

/** The user's entry in the passwd database; undefined when missing. */
export function findAccount(): os.UserInfo<string> | undefined {
  try {
    return os.userInfo()
  } catch {
    return undefined // Node throws for a uid without an entry
  }
}

/**
 * Expands a leading `~`, which shells do not expand in `--results=~/x` and in variables.
 * @param what the option or variable, for the message
 * @throws Failure BAD_VALUE (exit 2) for another user's home, NO_HOME (exit 3)
 */
export function expandHome(what: string, file: string, environment: Environment = callersEnvironment): string {
  const [, user, rest = ''] = /^~([^/]*)(\/.*)?$/s.exec(file) ?? []
  if (user === undefined) return file
  if (user !== '') {
    throw usageFailure('BAD_VALUE', `${what}=${file}: ~ is supported only for your own home directory`, {
      hint: `write the full path, or ./${file} for a file of that name`,
    })
  }
  const home = findHome(environment)
  if (home === undefined) throw noHome(`${what}=${file}`, 'write the full path')
  return path.join(home, rest)
}

/** @param what the option or variable that needs a home directory */
export const noHome = (what: string, hint: string) =>
  environmentFailure(
    'NO_HOME',
    `${what}: this user has no home directory: HOME is not set, and the passwd database has no entry`,
    {
      hint,
    },
  )
