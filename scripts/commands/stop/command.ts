import { Argument } from 'commander'
import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { clusterNames } from '../../command-line/completion/sources.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `stop`: stops clusters. */
export const stop: CommandDefinition = {
  name: 'stop',
  define: (command, { signal }) => {
    command
      .description('stop a cluster and remove its files')
      .option('--all', 'stop every cluster of this user')
      .option('--abandoned', 'stop it only if the run that started it is gone')
      .addArgument(completedBy(clusterArgument(), clusterNames))
    addClusterOptions(command).action(
      async (named: string | undefined, { all, abandoned }: { all?: true; abandoned?: true }) => {
        const [{ stopClusters }, { readClusterChoice }] = await Promise.all([
          import('./stop.ts'),
          import('../../command-line/request.ts'),
        ])
        const options = { ...readClusterChoice(command), ...(all && { all }), ...(abandoned && { abandoned }) }
        await stopClusters(named, options, callersEnvironment, signal)
      },
    )
  },
}

const clusterArgument = () => new Argument('[cluster]', 'name of the cluster, as with --name')
