import { Argument, Option } from 'commander'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { provingTests, testsOrOvls } from '../../command-line/completion/sources.ts'
import { withExamples } from '../../command-line/finish.ts'
import { addPackingOptions } from '../../command-line/packing-options.ts'
import { addReportingOptions } from '../../command-line/reporting-options.ts'
import { addRunOptions } from '../../command-line/run-options.ts'
import { callersEnvironment } from '../../host/environment.ts'

interface TestOptions {
  readonly list?: true
  readonly verbose?: true
  readonly ovl: readonly string[]
  readonly reporter: readonly string[]
  readonly progress?: string
}

/** `test`: runs tests. */
export const test: CommandDefinition = {
  name: 'test',
  define: (command, { signal, setExitCode }) => {
    addPackingOptions(addReportingOptions(addRunOptions(command)))
      .optionsGroup('Other options:')
      .description('run tests, each on its own cluster; summary on stderr, log on stdout')
      .addArgument(completedBy(wordsArgument(), testsOrOvls))
      .option('--list', 'list the tests')
      .option('--verbose', 'with --list: also print what each test shows')
      .addOption(completedBy(reachOption(), provingTests))
      .action(async (words: string[], { list, verbose, ovl, reporter, progress }: TestOptions) => {
        if (list) return (await import('./list.ts')).listTests(verbose === true)
        const [{ runTestCommand }, { readUserRequest }, { writtenAs }] = await Promise.all([
          import('./run.ts'),
          import('../../command-line/request.ts'),
          import('../../command-line/written-as.ts'),
        ])
        const { operands, options, variables } = readUserRequest(command, words)
        const request = {
          words: operands,
          options,
          variables,
          ovls: ovl,
          reporters: reporter,
          progress,
          writtenAs: (option: string) => writtenAs(command, option),
        }
        setExitCode(await runTestCommand(request, callersEnvironment, signal))
      })
    withExamples(command, [
      ['./netns.ts test --list --verbose', 'list tests with descriptions'],
      ['./netns.ts test all --reporter junit=junit.xml > log', 'run all tests, with a JUnit report'],
      ['./netns.ts test bridge --nvm=2 --mem1=512', 'two VMs, vm-001 with 512 MiB'],
      ['./netns.ts test L2 --until-failure', 'hunt a flaky failure'],
      ['./netns.ts test cni_bridge ./my-plugin', 'with your own ovl'],
    ])
  },
}

const wordsArgument = () => new Argument('[words...]', 'tests (default: start), then ovls to unpack on the nodes')

const reachOption = () =>
  new Option(
    '--reach <test>',
    'with matrix: expect the reachability of this test (default: every POD reaches every other)',
  )
