import type { CommandDefinition } from '../../command-line/command.ts'
import { addPackingOptions } from '../../command-line/packing-options.ts'
import { addReportingOptions } from '../../command-line/reporting-options.ts'
import { addRunOptions } from '../../command-line/run-options.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `env`: prints the effective settings. */
export const env: CommandDefinition = {
  name: 'env',
  define: (command, { signal }) => {
    addPackingOptions(addReportingOptions(addRunOptions(command)))
      .optionsGroup('Other options:')
      .description('print the effective settings and where each comes from')
      .argument('[options...]', 'options, as for test')
      .option('--json', 'print JSON')
      .action(async (words: string[], { json }: { json?: true }) => {
        const [{ showSettings }, { readUserRequest }] = await Promise.all([
          import('./settings.ts'),
          import('../../command-line/request.ts'),
        ])
        await showSettings(readUserRequest(command, words).options, callersEnvironment, json === true, signal)
      })
  },
}
