import { Option } from 'commander'
import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { withExamples } from '../../command-line/finish.ts'
import { callersEnvironment } from '../../host/environment.ts'

const FORMATS = ['svg', 'dot', 'json'] as const

/** `graph`: draws the network of a running cluster. */
export const graph: CommandDefinition = {
  name: 'graph',
  define: (command, { signal }) => {
    command
      .description('draw the network of a running cluster on stdout')
      .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('svg'))
      .option('--nvm <n>', "number of nodes with PODs in xcluster's cluster (default: 4)")
    addClusterOptions(command).action(async ({ format }: { format: (typeof FORMATS)[number] }) => {
      const [{ showGraph }, { readUserRequest }] = await Promise.all([
        import('./graph.ts'),
        import('../../command-line/request.ts'),
      ])
      await showGraph(readUserRequest(command, []).options, callersEnvironment, format, signal)
    })
    withExamples(command, [
      ['./netns.ts graph > network.svg', 'draw a picture'],
      ['./netns.ts graph --format dot | dot -Tpdf > network.pdf', 'let Graphviz draw it'],
    ])
  },
}
