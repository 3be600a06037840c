import { Argument } from 'commander'
import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { targets } from '../../command-line/completion/sources.ts'

/** `inspect`: interfaces and addresses of nodes and PODs. */
export const inspect: CommandDefinition = {
  name: 'inspect',
  define: (command, { signal }) => {
    command
      .description('show interfaces and addresses of nodes and PODs')
      .addArgument(completedBy(targetsArgument(), targets))
      .option('--json', 'print JSON, with routes')
      .option('--nvm <n>', "number of nodes with PODs in xcluster's cluster (default: 4)")
    addClusterOptions(command).action(async (wanted: string[], { json }: { json?: true }) => {
      const [{ showNetwork }, { readUserRequest }] = await Promise.all([
        import('./inspect.ts'),
        import('../../command-line/request.ts'),
      ])
      await showNetwork(wanted, readUserRequest(command, []).options, json === true, signal)
    })
  },
}

const targetsArgument = () =>
  new Argument('[targets...]', 'nodes (vm-002, with its PODs) or PODs (vm-002-ns03); default: all')
