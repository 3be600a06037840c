import { Argument, InvalidArgumentError, Option } from 'commander'
import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { nodes } from '../../command-line/completion/sources.ts'

/** `logs`: the consoles of nodes. */
export const logs: CommandDefinition = {
  name: 'logs',
  define: (command, { signal, setExitCode }) => {
    command
      .description('print the consoles of the nodes')
      .addArgument(completedBy(vmArgument(), nodes))
      .option('-f, --follow', 'follow the consoles until Ctrl-C or the end of the cluster')
      .addOption(tailOption())
    addClusterOptions(command).action(async (node: string | undefined, options: { follow?: true; tail?: number }) => {
      const [{ showLogs }, { readClusterChoice }] = await Promise.all([
        import('./logs.ts'),
        import('../../command-line/request.ts'),
      ])
      setExitCode(await showLogs(node, { ...options, ...readClusterChoice(command) }, signal))
    })
  },
}

const vmArgument = () => new Argument('[node]', 'a node (vm-002); default: all, each line with its node')

const tailOption = () =>
  new Option('-n, --tail <lines>', 'print only the last <lines> of each node').argParser(readLines)

function readLines(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a number of at least 0.')
}
