import type { CommandDefinition } from '../../command-line/command.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `status`: lists clusters. */
export const status: CommandDefinition = {
  name: 'status',
  define: command => {
    command
      .description('list running clusters')
      .option('--json', 'print JSON')
      .action(async ({ json }: { json?: true }) => {
        const { showStatus } = await import('./status.ts')
        await showStatus(json === true, callersEnvironment)
      })
  },
}
