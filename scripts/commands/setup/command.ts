import type { CommandDefinition } from '../../command-line/command.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `setup`: installs packages, and makes the image of the VMs. */
export const setup: CommandDefinition = {
  name: 'setup',
  define: (command, { signal }) => {
    command
      .description('install the packages that this host lacks, and make the image of the VMs')
      .option('--tests', "also install what this project's own tests call")
      .option('--check', 'only tell what is missing (exit code 3)')
      .option('--refresh', 'make the image anew, with the packages of today')
      .action(async ({ tests, check, refresh }: { tests?: true; check?: true; refresh?: true }) => {
        const [{ setUp }, { readDirectories }] = await Promise.all([
          import('./setup.ts'),
          import('../../settings/settings.ts'),
        ])
        await setUp({
          directories: readDirectories(callersEnvironment),
          accelerator: 'auto',
          tests: tests === true,
          check: check === true,
          refresh: refresh === true,
          environment: callersEnvironment,
          onLine: line => process.stderr.write(`${line}\n`),
          signal,
        })
      })
  },
}
