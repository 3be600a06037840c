import { type Command, Option } from 'commander'
import { completedBy } from './completion/source.ts'

/** The options that decide what is in the ovl. */
export const addPackingOptions = (command: Command): Command =>
  command
    .optionsGroup('The ovl netns:')
    .addOption(completedBy(new Option('--cni <place>', 'CNI plugins: a release archive, or a directory'), 'files'))
    .option('--seed <n>', 'of the random addresses; the same seed gives the same archive')
