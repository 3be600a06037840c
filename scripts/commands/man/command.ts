import type { CommandDefinition } from '../../command-line/command.ts'
import { programOf } from '../../command-line/finish.ts'

/** `man`: prints the manual page; on a terminal, shows it in man(1). */
export const man: CommandDefinition = {
  name: 'man',
  define: command => {
    command.description('show the manual page; print roff if stdout is not a terminal').action(async () => {
      const { manPage } = await import('../../command-line/man.ts')
      const page = manPage(programOf(command))
      if (process.stdout.isTTY) await (await import('./show.ts')).show(page)
      else process.stdout.write(page)
    })
  },
}
