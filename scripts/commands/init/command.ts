import { Argument } from 'commander'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { withExamples } from '../../command-line/finish.ts'

/** `init`: example tests, an ovl and a CI file. */
export const init: CommandDefinition = {
  name: 'init',
  define: command => {
    command
      .description('create example tests, an ovl and a file for GitHub Actions; existing files are kept')
      .addArgument(completedBy(new Argument('[directory]', 'where (default: the working directory)'), 'files'))
      .action(async (directory = '.') => (await import('./init.ts')).initialize(directory))
    withExamples(command, [['./netns.ts init my-network', 'in a new directory']])
  },
}
