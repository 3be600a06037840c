import type { CommandDefinition } from '../../command-line/command.ts'
import { withExamples } from '../../command-line/finish.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `clean`: empties the cache. */
export const clean: CommandDefinition = {
  name: 'clean',
  define: (command, { signal }) => {
    command
      .description('remove what the cache holds, except what running clusters use')
      .option('--yes', 'do not ask; required without a terminal')
      .option('--dry-run', 'only list what would be removed')
      .option('--shared', 'also remove what other hosts that share the cache have used: stop their clusters first')
      .action(async ({ yes, dryRun, shared }: CleanWords) => {
        const { cleanCache } = await import('./clean.ts')
        const options = { yes: yes === true, dryRun: dryRun === true, shared: shared === true }
        await cleanCache(options, callersEnvironment, signal)
      })
    withExamples(command, [
      ['./netns.ts clean --dry-run', 'list images, templates and ovls with their sizes'],
      ['./netns.ts clean --yes', 'remove them; the next run builds what it needs'],
    ])
  },
}

interface CleanWords {
  readonly yes?: true
  readonly dryRun?: true
  readonly shared?: true
}
