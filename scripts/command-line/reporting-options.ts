import { type Command, Option } from 'commander'
import { PROGRESS_KINDS, REPORTER_NAMES } from '../reporters/names.ts'
import { completedBy } from './completion/source.ts'
import { collect } from './repeated.ts'

/** The options that decide what is reported of a run, and how often its tests are run. */
export const addReportingOptions = (command: Command): Command =>
  command
    .optionsGroup('Reports and repeats:')
    .addOption(completedBy(reporterOption(), REPORTER_NAMES))
    .addOption(completedBy(progressOption(), PROGRESS_KINDS))
    .addOption(completedBy(resultsOption(), 'files'))
    .option('--repeat <n>', 'run all of it so often')
    .option('--until-failure', 'repeat it until something fails')
    .option('--bail', 'run nothing more after a failure')
    .option('--retry <n>', 'try a test that failed again, up to so often; one that passes then is told as flaky')

const reporterOption = () =>
  new Option(
    '--reporter <name[=target]>',
    `one more report: ${REPORTER_NAMES.join(', ')}; target: a file, stdout, stderr; can be repeated`,
  )
    .argParser(collect)
    .default([])

const progressOption = () =>
  new Option(
    '--progress <how>',
    `${PROGRESS_KINDS.join(', ')}: a live view on a terminal, or plain lines alone (default: auto, which is plain where $CI is set)`,
  )

const resultsOption = () =>
  new Option('--results <directory>', 'bring addresses, CNI results and consoles home, and results.json')
