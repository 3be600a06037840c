import type { Command } from 'commander'
import type { ClusterChoice } from '../../cluster/choice.ts'
import { callersEnvironment } from '../../host/environment.ts'

/**
 * Defines `shell`: a shell in a VM or POD.
 * @param signal ends it before the shell runs
 * @param setExitCode gets the shell's
 */
export const defineShell = (command: Command, signal: AbortSignal, setExitCode: (code: number) => void): Command =>
  command
    .description('open a shell in a VM or POD of a running cluster; without a terminal, run the commands on stdin')
    .argument('<target>', 'a VM (vm-002) or a POD (vm-002-ns03)')
    .action(async (target: string, choice: ClusterChoice) => {
      const { onTarget } = await import('../../cluster/choice.ts')
      const { runShell } = await import('../../command-line/attached.ts')
      const terminalType = callersEnvironment.TERM ?? 'dumb'
      setExitCode(await onTarget(target, choice, signal, node => runShell(node, target, terminalType)))
    })
