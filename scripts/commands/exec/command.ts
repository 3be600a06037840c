import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { withExamples } from '../../command-line/finish.ts'
import { targetArgument } from '../../command-line/target.ts'
import { callersEnvironment } from '../../host/environment.ts'

/** `exec`: runs a command on a node or in a POD. */
export const exec: CommandDefinition = {
  name: 'exec',
  define: (command, { signal, setExitCode }) => {
    command
      .description(
        "run a command on a node or in a POD, or at once on all that match 'vm-*' or '*-ns01'; without a command, open a shell",
      )
      .addArgument(targetArgument())
      .argument('[command...]', 'the command and its arguments')
      .option('--all', 'run the command on all nodes at once; each line follows the name of its node')
      .option('-n, --no-stdin', 'give the command no input, for example in a `while read` loop')
    addClusterOptions(command)
      .passThroughOptions()
      .action(async (target: string, typed: string[], { all, stdin }: { all?: true; stdin: boolean }) => {
        const [{ execOn }, { onTarget }, { readClusterChoice }] = await Promise.all([
          import('./exec.ts'),
          import('../../cluster/choice.ts'),
          import('../../command-line/request.ts'),
        ])
        const terminal = callersEnvironment.TERM ?? 'dumb'
        const words = typed[0] === '--' ? typed.slice(1) : typed
        if (all || target.includes('*')) {
          const { execOnAll } = await import('./all.ts')
          const [pattern, called] = all ? ['all', [target, ...words]] : [target, words]
          return setExitCode(await execOnAll(pattern, called, readClusterChoice(command), signal))
        }
        const use = (node: Parameters<typeof execOn>[0]) => execOn(node, target, words, terminal, stdin)
        setExitCode(await onTarget(target, readClusterChoice(command), signal, use))
      })
    withExamples(command, [
      ['./netns.ts exec vm-001 -- ip address', 'a command on a node'],
      ['./netns.ts exec vm-001-ns02 -- ping -c1 172.16.1.3', 'a command in a POD'],
      ['./netns.ts exec vm-001-ns02', 'a shell'],
      ['./netns.ts exec --all -- ip route', 'a command on all nodes'],
      ["./netns.ts exec '*-ns01' -- ip address", 'a command in the first POD of each node'],
      ['while read -r pod; do ./netns.ts exec -n "$pod" -- ip address; done <pods', 'in a loop'],
    ])
  },
}
