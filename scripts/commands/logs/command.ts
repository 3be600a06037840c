import { Argument, InvalidArgumentError, Option } from 'commander'
import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { nodes } from '../../command-line/completion/sources.ts'

/** `logs`: what VMs wrote on their consoles. */
export const logs: CommandDefinition = {
  name: 'logs',
  define: (command, { signal, setExitCode }) => {
    command
      .description('print what the VMs of a running cluster wrote on their consoles')
      .addArgument(completedBy(vmArgument(), nodes))
      .option('-f, --follow', 'go on with what comes, until Ctrl-C or the end of the cluster')
      .addOption(tailOption())
    addClusterOptions(command).action(async (node: string | undefined, options: { follow?: true; tail?: number }) => {
      const [{ showLogs }, { typedChoice }] = await Promise.all([
        import('./logs.ts'),
        import('../../command-line/request.ts'),
      ])
      setExitCode(await showLogs(node, { ...options, ...typedChoice(command) }, signal))
    })
  },
}

const vmArgument = () => new Argument('[vm]', 'one of them (vm-002); all when missing, with their names in front')

const tailOption = () =>
  new Option('-n, --tail <lines>', 'of each VM only the last lines of what is there').argParser(readLines)

/** A number of lines. */
function readLines(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a number from 0 on.')
}
