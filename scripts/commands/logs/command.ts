import { type Command, InvalidArgumentError, Option } from 'commander'
import type { LogsOptions } from './logs.ts'

/**
 * Defines `logs`: what VMs wrote on their consoles.
 * @param signal ends it
 * @param setExitCode gets 128 + the number of the signal that ended it
 */
export const defineLogs = (command: Command, signal: AbortSignal, setExitCode: (code: number) => void): Command =>
  command
    .description('print what the VMs of a running cluster wrote on their consoles')
    .argument('[vm]', 'one of them (vm-002); all when missing, with their names in front')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C or the end of the cluster')
    .addOption(new Option('-n, --tail <lines>', 'of each VM only the last lines of what is there').argParser(readLines))
    .action(async (node: string | undefined, options: LogsOptions) => {
      const { showLogs } = await import('./logs.ts')
      setExitCode(await showLogs(node, options, signal))
    })

/** A number of lines. */
function readLines(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a number from 0 on.')
}
