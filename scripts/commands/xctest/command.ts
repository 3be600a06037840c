import { Argument } from 'commander'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { usageFailure } from '../../errors/failure.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `xctest`: called by scripts/xctest/xcluster-embedded. Prints the cluster's directory. */
export const xctest: CommandDefinition = {
  name: 'xctest',
  hidden: true,
  define: (command, { signal }) => {
    command
      .description('backend of the stand-in for the xcluster command')
      .addArgument(completedBy(new Argument('<start|scaleout|scalein>'), ['start', 'scaleout', 'scalein']))
      .argument('[words...]', 'ovls, or numbers of nodes')
      .action(async (action: string, words: string[]) => {
        const { addNodes, removeNodes, startCluster } = await import('../../xctest/cluster.ts')
        const does = { start: startCluster, scaleout: addNodes, scalein: removeNodes }[action]
        if (!does) throw usageFailure('BAD_VALUE', `xctest ${action}: must be start, scaleout or scalein`)
        process.stdout.write(`${await does(words, callersEnvironment, signal)}\n`)
      })
  },
}
