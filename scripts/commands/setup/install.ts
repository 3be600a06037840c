import { spawn } from 'node:child_process'
import process from 'node:process'
import { environmentFailure } from '../../errors/failure.ts'
import type { Environment } from '../../host/environment.ts'
import { missing, searchPath } from '../../host/requirements.ts'

type Command = readonly string[]

/**
 * The commands that install packages: apt-get as root, or through sudo.
 * @param userId of the caller; 0 is root
 * @returns undefined if neither is available
 */
export function installCommands(
  packages: readonly string[],
  environment: Environment,
  userId = process.getuid?.(),
): readonly Command[] | undefined {
  const hasSudo = missing([{ command: 'sudo', package: 'sudo' }], environment).length === 0
  if (userId !== 0 && !hasSudo) return undefined
  const prefix = [...(userId === 0 ? [] : ['sudo']), 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get']
  return [
    // The package lists may be missing or out of date.
    [...prefix, 'update', '--quiet'],
    [...prefix, 'install', '--yes', '--quiet', '--no-install-recommends', ...packages],
  ]
}

/**
 * Runs commands sequentially, with the user's terminal, where sudo asks for a password. Their output goes to stderr,
 * because stdout is for data.
 * @param onLine gets each command before it runs
 * @param hint for a failure
 * @throws Failure INSTALL_FAILED (exit 3); the signal's reason when that is aborted
 */
export async function installPackages(
  commands: readonly Command[],
  environment: Environment,
  onLine: (line: string) => void,
  signal?: AbortSignal,
  hint = 'see its output above',
): Promise<void> {
  for (const command of commands) {
    signal?.throwIfAborted()
    onLine(`running: ${command.join(' ')}`)
    const [program = '', ...words] = command
    const env = { ...environment, PATH: searchPath(environment).join(':'), LC_ALL: 'C' }
    const child = spawn(program, words, { stdio: ['inherit', 2, 2], env })
    const code = await new Promise<number | null>(resolve => {
      child.once('error', () => resolve(null))
      child.once('exit', resolve)
    })
    // Ctrl-C reaches apt-get, too, which stops when it is safe.
    signal?.throwIfAborted()
    if (code === 0) continue
    throw environmentFailure('INSTALL_FAILED', `'${command.join(' ')}' failed`, { hint })
  }
}
