import path from 'node:path'
import type { CommandDefinition } from '../../command-line/command.ts'
import { environmentFailure } from '../../errors/failure.ts'

const DIRECTORY = path.resolve(import.meta.dirname, '../../xctest')

/** `xctest-hook`: paths of the files that let tests of xcluster's ovls run on embedded clusters. */
export const xctestHook: CommandDefinition = {
  name: 'xctest-hook',
  define: command => {
    command
      .description("print the path of the hook that runs another ovl's tests on our VMs")
      .option('--xcluster', 'print the path of a stand-in for $XCLUSTER, for hosts without xcluster')
      .addHelpText(
        'after',
        `
Examples:
  XCTEST_HOOK=$(./netns.ts xctest-hook) ./ovs.sh test L2 > log
  export XCLUSTER=$(./netns.ts xctest-hook --xcluster)`,
      )
      .action(({ xcluster }: { xcluster?: true }) => {
        const file = path.join(DIRECTORY, xcluster ? 'xcluster-embedded' : 'hook.sh')
        if (!process.getBuiltinModule('node:fs').existsSync(file))
          throw environmentFailure('NO_HOOK', `${file} is missing`)
        process.stdout.write(`${file}\n`)
      })
  },
}
