import { spawn } from 'node:child_process'
import { environmentFailure } from '../errors/failure.ts'

export const isAdministrator = (): boolean => process.getuid?.() === 0

/**
 * Installs packages by apt-get, as the administrator, or through sudo, which may ask for a password.
 * @param path directories for commands
 * @param onLine gets each command before it is run; their own output goes to stderr
 * @throws Failure INSTALL_FAILED (exit 3)
 */
export async function installPackages(
  packages: readonly string[],
  path: readonly string[],
  onLine: (line: string) => void,
): Promise<void> {
  const asRoot = isAdministrator() ? [] : ['sudo']
  // The lists may be missing or older than what the servers still have.
  for (const words of [
    ['apt-get', 'update', '--quiet'],
    ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages],
  ]) {
    const command = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', ...words]
    onLine(`running: ${command.join(' ')}`)
    await runForPerson(command, path)
  }
}

/** With the person's terminal, where sudo asks; stdout is for data, so what they print goes to stderr. */
async function runForPerson(command: readonly string[], path: readonly string[]): Promise<void> {
  const [program = '', ...words] = command
  const child = spawn(program, words, { stdio: ['inherit', 2, 2], env: { PATH: path.join(':'), LC_ALL: 'C' } })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code === 0) return
  throw environmentFailure('INSTALL_FAILED', `'${command.join(' ')}' failed`, {
    hint: 'its own words above tell why',
  })
}
