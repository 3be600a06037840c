import { type Command, Option } from 'commander'
import { completedBy } from './completion/source.ts'

/** Adds the options for the contents of the ovl. */
export const addPackingOptions = (command: Command): Command =>
  command
    .optionsGroup('The ovl netns:')
    .addOption(
      completedBy(new Option('--cni <place>', 'take CNI plugins from a release archive or a directory'), 'files'),
    )
    .option('--seed <n>', 'seed of the random addresses; the same seed gives the same archive')
