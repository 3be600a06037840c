import type { Command } from 'commander'
import { ownVariable } from '../settings/variables.ts'

/**
 * An option as the user wrote it: `--seed`, or `XCLUSTER_NETNS_SEED` if the variable set its value.
 * @param option its long name
 */
export function writtenAs(command: Command, option: string): string {
  const name = option.replace(/^--/, '').replaceAll(/-[a-z]/g, letter => letter.slice(1).toUpperCase())
  return command.getOptionValueSource(name) === 'env' ? ownVariable(option) : option
}
