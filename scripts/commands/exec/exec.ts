import { commandLine, hasTerminal, runAttached, runShell } from '../../command-line/attached.ts'
import { usageFailure } from '../../errors/failure.ts'
import type { Node } from '../../ssh/node.ts'

/**
 * `exec`: runs a command on a node or in a POD of a running cluster, with its streams, signals and exit status; without
 * a command, a shell.
 * @param target the name of the node or of a POD on it
 * @param words the command; empty for a shell
 * @param stdin false: the command gets no input, and our input is not read
 * @param terminalType $TERM
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
  throw usageFailure('NO_COMMAND', `exec ${target}: a command is required without a terminal`, {
    hint: `netns.ts shell ${target} runs the commands on its input`,
  })
}
