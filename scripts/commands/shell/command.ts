import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { targetArgument } from '../../command-line/target.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `shell`: a shell on a node or in a POD. */
export const shell: CommandDefinition = {
  name: 'shell',
  define: (command, { signal, setExitCode }) => {
    command
      .description('open a shell on a node or in a POD; without a terminal, run commands from stdin')
      .addArgument(targetArgument())
    addClusterOptions(command).action(async (target: string) => {
      const [{ runShell }, { onTarget }, { readClusterChoice }] = await Promise.all([
        import('../../command-line/attached.ts'),
        import('../../cluster/choice.ts'),
        import('../../command-line/request.ts'),
      ])
      const terminal = callersEnvironment.TERM ?? 'dumb'
      setExitCode(await onTarget(target, readClusterChoice(command), signal, node => runShell(node, target, terminal)))
    })
  },
}
