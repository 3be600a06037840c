import { Argument } from 'commander'
import type { CommandDefinition } from '../../command-line/command.ts'
import { programOf } from '../../command-line/finish.ts'
import { quoteWord } from '../../ssh/quote.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

/** `completion`: prints a completion script for a shell. */
export const completion: CommandDefinition = {
  name: 'completion',
  define: command => {
    command
      .description('print a script for shell completion')
      .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS))
      .action(async (shell: (typeof SHELLS)[number]) => {
        const { default: tabtab } = await import('@pnpm/tabtab')
        const path = quoteWord(process.argv[1] ?? '')
        // Fish unquotes it twice.
        const completer = shell === 'fish' ? quoteWord(path) : path
        const name = programOf(command).name()
        process.stdout.write(await tabtab.getCompletionScript({ name, completer, shell }))
      })
  },
}

/** `completion-server`: called by the completion scripts (tabtab's) at each key. */
export const completionServer: CommandDefinition = {
  name: 'completion-server',
  hidden: true,
  define: command => {
    command.argument('[words...]').action(async () => {
      const { answer } = await import('./answer.ts')
      await answer(programOf(command))
    })
  },
}
