import { Argument } from 'commander'
import { nameOption } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { withExamples } from '../../command-line/finish.ts'
import { addReportingOptions } from '../../command-line/reporting-options.ts'
import { callersEnvironment } from '../../host/environment.ts'

interface RerunOptions {
  readonly reporter: readonly string[]
  readonly progress?: string
}

/** `rerun`: repeats a run. */
export const rerun: CommandDefinition = {
  name: 'rerun',
  define: (command, { signal, setExitCode }) => {
    addReportingOptions(command)
      .description('repeat a run with its settings, ovls and random seed')
      .addArgument(completedBy(resultsArgument(), 'files'))
      .addOption(nameOption())
      .option('--stop', 'stop the cluster at the end, whatever the result')
      .option('--no-stop', 'leave the cluster running, whatever the result')
      .option('--replace', 'stop a running cluster of the same name even if it is in use')
      .action(async (results: string, { reporter, progress }: RerunOptions) => {
        const [{ repeatRun }, { readUserRequest }, { writtenAs }] = await Promise.all([
          import('./rerun.ts'),
          import('../../command-line/request.ts'),
          import('../../command-line/written-as.ts'),
        ])
        const { options, variables } = readUserRequest(command, [])
        const reporting = {
          reporters: reporter,
          progress,
          writtenAs: (option: string) => writtenAs(command, option),
        }
        const now = { ...variables, ...options }
        setExitCode(await repeatRun(results, now, reporting, callersEnvironment, signal))
      })
    withExamples(command, [
      ['./netns.ts rerun results', 'once'],
      ['./netns.ts rerun results --until-failure', 'until it fails'],
    ])
  },
}

const resultsArgument = () => new Argument('<results>', 'the results directory of the run, or its results.json')
