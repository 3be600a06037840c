import { type Command, Option } from 'commander'
import { KINDS } from '../cluster/kinds.ts'
import { completedBy } from './completion/source.ts'
import { clusterNames } from './completion/sources.ts'

/** The option `--name`. */
export const nameOption = (): Option =>
  completedBy(
    new Option('--name <cluster>', 'name of the cluster (default: default, or the only one that runs)'),
    clusterNames,
  )

/** The option `--cluster`, with the kinds of the registry. */
export function clusterOption(): Option {
  const names = KINDS.map(({ name }) => name)
  const meanings = KINDS.map(({ name, summary }) => `${name}: ${summary}`)
  return completedBy(new Option(`--cluster <${names.join('|')}>`, meanings.join('; ')), names)
}

/** Adds the options that select a running cluster. */
export const addClusterOptions = (command: Command): Command =>
  command.addOption(nameOption()).addOption(clusterOption())
