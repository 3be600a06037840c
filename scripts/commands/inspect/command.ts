import { Argument } from 'commander'
import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { targets } from '../../command-line/completion/sources.ts'

/** `inspect`: what is in the VMs and PODs. */
export const inspect: CommandDefinition = {
  name: 'inspect',
  define: (command, { signal }) => {
    command
      .description('show the interfaces and addresses in the VMs and PODs of a running cluster, as its VMs tell them')
      .addArgument(completedBy(targetsArgument(), targets))
      .option('--json', 'all that the VMs tell, with routes: for programs')
      .option('--nvm <n>', "VMs that hold PODs, where it is xcluster's (default: 4)")
    addClusterOptions(command).action(async (wanted: string[], { json }: { json?: true }) => {
      const [{ showNetwork }, { saidTo }] = await Promise.all([
        import('./inspect.ts'),
        import('../../command-line/request.ts'),
      ])
      await showNetwork(wanted, saidTo(command, []).options, json === true, signal)
    })
  },
}

const targetsArgument = () =>
  new Argument('[targets...]', 'VMs (vm-002, with its PODs) and PODs (vm-002-ns03); all when missing')
