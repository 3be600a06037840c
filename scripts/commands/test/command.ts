import { Argument, Option } from 'commander'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { provingTests, testsOrOvls } from '../../command-line/completion/sources.ts'
import { withExamples } from '../../command-line/finish.ts'
import { addPackingOptions } from '../../command-line/packing-options.ts'
import { collect } from '../../command-line/repeated.ts'
import { addReportingOptions } from '../../command-line/reporting-options.ts'
import { addRunOptions } from '../../command-line/run-options.ts'
import { callersEnvironment } from '../../host/environment.ts'

interface TestOptions {
  readonly list?: true
  readonly verbose?: true
  readonly explain?: true
  readonly ovl: readonly string[]
  readonly reporter: readonly string[]
  readonly progress?: string
  readonly set: readonly string[]
  readonly grep?: string
}

/** `test`: runs tests. */
export const test: CommandDefinition = {
  name: 'test',
  define: (command, { signal, setExitCode }) => {
    addPackingOptions(addReportingOptions(addRunOptions(command)))
      .optionsGroup('Other options:')
      .description('run tests, each on its own cluster; summary on stderr, log on stdout')
      .addArgument(completedBy(wordsArgument(), testsOrOvls))
      .option('--grep <pattern>', 'run only tests whose name or summary matches')
      .addOption(setOption())
      .option('--list', 'list the tests')
      .option('--verbose', 'with --list: also print what each test shows')
      .option('--explain', 'print what the tests expect of their PODs as tables, and run nothing')
      .addOption(completedBy(reachOption(), provingTests))
      .optionsGroup('CNI (docs/cni.md):')
      .addOption(completedBy(confOption(), 'files'))
      .option('--only <pattern>', "with cni: run only these checks, without the PODs: --only 'DEL*'")
      .addOption(completedBy(prepareOption(), 'files'))
      .addOption(completedBy(compareOption(), 'files'))
      .option('--churn <time|PODs>', 'with cni: only attach and detach PODs, for 60s or 1000 of them, and measure')
      .addOption(completedBy(baselineOption(), 'files'))
      .action(async (words: string[], { list, verbose, explain, ovl, reporter, progress, set, grep }: TestOptions) => {
        const [{ runTestCommand }, { readUserRequest }, { writtenAs }] = await Promise.all([
          import('./run.ts'),
          import('../../command-line/request.ts'),
          import('../../command-line/written-as.ts'),
        ])
        const { operands, options, variables } = readUserRequest(command, words)
        if (list) {
          const { listTests } = await import('./list.ts')
          const request = { words: operands, set, grep, options, environment: callersEnvironment, signal }
          return await listTests(request, verbose === true)
        }
        const request = {
          words: operands,
          options,
          variables,
          ovls: ovl,
          reporters: reporter,
          progress,
          set,
          grep,
          explain: explain === true,
          writtenAs: (option: string) => writtenAs(command, option),
        }
        setExitCode(await runTestCommand(request, callersEnvironment, signal))
      })
    withExamples(command, [
      ['./netns.ts test --list --verbose', 'list tests with descriptions'],
      ['./netns.ts test all --reporter junit=junit.xml > log', 'run all tests, with a JUnit report'],
      ['./netns.ts test bridge --nvm=2 --mem1=512', 'two VMs, vm-001 with 512 MiB'],
      ['./netns.ts test L3 --explain', 'show which PODs must reach each other'],
      ['./netns.ts test L2 --until-failure', 'hunt a flaky failure'],
      ['./netns.ts test cni_bridge ./my-plugin', 'with your own ovl'],
      ['./netns.ts test ./policy.test.ts --set size=1400', 'your own test: docs/own-tests.md'],
    ])
  },
}

const wordsArgument = () =>
  new Argument(
    '[words...]',
    'tests (default: start): names, files or directories of own tests, <ovl>/<test>; then ovls to unpack on the nodes',
  )

const baselineOption = () =>
  new Option('--baseline <file>', 'with --churn: compare with this network (default: the plugin bridge)')

const setOption = () =>
  new Option('--set <parameter=value>', 'set a parameter of tests, or several values: size=1400,9000; repeatable')
    .argParser(collect)
    .default([])

const confOption = () =>
  new Option('--conf <file>', 'with cni: the network configuration, as a list of plugins or a single one')

const prepareOption = () =>
  new Option('--prepare <script>', "with cni: a shell script for each node and sandbox, to start a plugin's daemon")

const compareOption = () =>
  new Option('--compare <file>', 'with cni: show what changed since these results, written by --reporter cni=<file>')

const reachOption = () =>
  new Option(
    '--reach <test>',
    'with matrix and cni: expect the reachability of this test (default: every POD reaches every other)',
  )
