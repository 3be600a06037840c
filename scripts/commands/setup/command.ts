import type { CommandDefinition } from '../../command-line/command.ts'
import { addGuestOptions } from '../../command-line/guest-options.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `setup`: installs packages, and builds the guest image. */
export const setup: CommandDefinition = {
  name: 'setup',
  define: (command, { signal }) => {
    addGuestOptions(command)
      .optionsGroup('Other options:')
      .description('install missing packages and build the guest image')
      .option('--tests', "also install the tools of the project's own tests")
      .option('--check', 'report what this host has, can do and lacks (exit status 3 when something is missing)')
      .option('--json', 'with --check: print JSON on stdout, for support requests')
      .option('--refresh', 'rebuild the image with current packages')
      .action(async ({ tests, check, json, refresh }: SetupOptions) => {
        const [{ setUp }, { readDirectories }, { guestOf }] = await Promise.all([
          import('./setup.ts'),
          import('../../settings/settings.ts'),
          import('../../command-line/request.ts'),
        ])
        await setUp({
          directories: readDirectories(callersEnvironment),
          accelerator: 'auto',
          guest: guestOf(command),
          tests: tests === true,
          check: check === true,
          refresh: refresh === true,
          environment: callersEnvironment,
          onLine: line => process.stderr.write(`${line}\n`),
          ...(json && { onReport: printReport }),
          signal,
        })
      })
  },
}

interface SetupOptions {
  readonly tests?: true
  readonly check?: true
  readonly json?: true
  readonly refresh?: true
}

const printReport = (report: unknown) => void process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
