import type { CommandDefinition } from '../../command-line/command.ts'
import { withExamples } from '../../command-line/finish.ts'
import { addGuestOptions } from '../../command-line/guest-options.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `image`: describes the nodes' image. */
export const image: CommandDefinition = {
  name: 'image',
  define: command => {
    addGuestOptions(command)
      .optionsGroup('Other options:')
      .description("list the packages, programs and kernel modules of the nodes' image, its key, age and size")
      .option('--json', 'print JSON')
      .action(async ({ json }: { json?: true }) => {
        const [{ showImage }, { guestOf }] = await Promise.all([
          import('./image.ts'),
          import('../../command-line/request.ts'),
        ])
        await showImage(guestOf(command), json === true, callersEnvironment)
      })
    withExamples(command, [
      ["./netns.ts image | grep '^package'", 'all packages with their versions'],
      ['./netns.ts image --guest trixie --json', 'the image of another release'],
    ])
  },
}
