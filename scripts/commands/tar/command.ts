import { Argument, Option } from 'commander'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { addPackingOptions } from '../../command-line/packing-options.ts'
import type { PackingOptions } from '../../settings/packing.ts'

/** `tar`: packs the ovl; the only command of tar.ts. */
export const tar: CommandDefinition = {
  name: 'tar',
  define: (command, { signal }) => {
    addPackingOptions(command)
      .description('pack the ovl netns into a tar archive')
      .addArgument(completedBy(new Argument('<file>', 'the archive; - for stdout'), 'files'))
      .addOption(completedBy(requireOption(), ['cni', 'ipu', 'cni,ipu']))
      .action(async (file: string, options: PackingOptions) => {
        const [{ pack }, { writtenAs }] = await Promise.all([
          import('./pack.ts'),
          import('../../command-line/written-as.ts'),
        ])
        await pack(file, options, option => writtenAs(command, option), signal)
      })
  },
}

const requireOption = () => new Option('--require <parts>', 'fail if a part is missing: cni, ipu or cni,ipu')
