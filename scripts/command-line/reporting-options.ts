import { type Command, Option } from 'commander'
import { PROGRESS_KINDS, REPORTER_NAMES } from '../reporters/names.ts'
import { completedBy } from './completion/source.ts'
import { collect } from './repeated.ts'

/** Adds the options for reports and repeats. */
export const addReportingOptions = (command: Command): Command =>
  command
    .optionsGroup('Reports and repeats:')
    .addOption(completedBy(reporterOption(), REPORTER_NAMES))
    .addOption(completedBy(progressOption(), PROGRESS_KINDS))
    .addOption(completedBy(resultsOption(), 'files'))
    .option('--repeat <n>', 'repeat the selected tests <n> times')
    .option('--until-failure', 'repeat the selected tests until one fails')
    .option('--bail', 'stop after the first failed test')
    .option('--retry <n>', 'retry a failed test up to <n> times; if it passes then, report it as flaky')

const reporterOption = () =>
  new Option(
    '--reporter <name[=target]>',
    `add a report: ${REPORTER_NAMES.join(', ')}; or a module, ./mine.ts; target: a file, stdout or stderr; repeatable`,
  )
    .argParser(collect)
    .default([])

const progressOption = () =>
  new Option(
    '--progress <how>',
    `show a live view on a terminal or plain lines: ${PROGRESS_KINDS.join(', ')} (default: auto; plain if $CI is set)`,
  )

const resultsOption = () =>
  new Option('--results <directory>', 'collect log, reports, addresses, CNI results and consoles in <directory>')
