import { commandLine, hasTerminal, runAttached, runShell } from '../../command-line/attached.ts'
import { usageFailure } from '../../errors/failure.ts'
import type { Node } from '../../ssh/node.ts'

/**
 * `exec`: runs a command in a VM or POD of a running cluster, with its streams, signals and exit code; without a
 * command, a shell.
 * @param node the VM
 * @param target the VM's name, or that of a POD in it
 * @param words the command; none for a shell
 * @param stdin false: the command's input is empty, and ours is left for others
 * @param terminalType what $TERM says
 * @throws Failure NO_COMMAND (exit 2)
 */
export async function execOn(
  node: Node,
  target: string,
  words: readonly string[],
  terminalType: string,
  stdin: boolean,
): Promise<number> {
  if (words.length > 0) return await runAttached(node.connection, commandLine(node, target, words), { stdin })
  if (stdin && hasTerminal()) return await runShell(node, target, terminalType)
  throw usageFailure('NO_COMMAND', `exec ${target}: a command is needed where there is no terminal for a shell`, {
    hint: `netns.ts shell ${target} runs the commands on its input`,
  })
}
