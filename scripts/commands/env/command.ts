import type { CommandDefinition } from '../../command-line/command.ts'
import { addPackingOptions } from '../../command-line/packing-options.ts'
import { addReportingOptions } from '../../command-line/reporting-options.ts'
import { addRunOptions } from '../../command-line/run-options.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `env`: prints settings. */
export const env: CommandDefinition = {
  name: 'env',
  define: (command, { signal }) => {
    addPackingOptions(addReportingOptions(addRunOptions(command)))
      .optionsGroup('Other options:')
      .description('print the settings that a test would have, and where each came from')
      .argument('[options...]', 'further options, as of test')
      .option('--json', 'for programs')
      .action(async (words: string[], { json }: { json?: true }) => {
        const [{ showSettings }, { saidTo }] = await Promise.all([
          import('./settings.ts'),
          import('../../command-line/request.ts'),
        ])
        await showSettings(saidTo(command, words).options, callersEnvironment, json === true, signal)
      })
  },
}
