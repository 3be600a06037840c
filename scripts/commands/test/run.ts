import { randomInt } from 'node:crypto'
import path from 'node:path'
import process from 'node:process'
import { resolveCluster } from '../../cluster/choose.ts'
import type { OvlDirectory } from '../../cluster/cluster.ts'
import { hostComponents } from '../../cluster/components.ts'
import { describeError, exitCodeOf, programAsTyped } from '../../command-line/edge.ts'
import { Interrupted } from '../../errors/interrupted.ts'
import type { Emit, Invocation, Listener, Verdict } from '../../events/events.ts'
import { eventStream } from '../../events/stream.ts'
import type { Environment } from '../../host/environment.ts'
import { newLogFile } from '../../reporters/log-files.ts'
import { describePlaces, openReporters } from '../../reporters/reporters.ts'
import { readReporting } from '../../reporters/reporting.ts'
import { openTerminal } from '../../reporters/terminal.ts'
import { readProgress } from '../../reporters/terminal-use.ts'
import { prepareResults } from '../../runner/artifacts/results/collect.ts'
import type { PlannedTest, RunResult } from '../../runner/plan.ts'
import { runTests } from '../../runner/runner.ts'
import { isDefaultGuest } from '../../settings/guest.ts'
import type { Settings } from '../../settings/settings.ts'
import { kernelsIn, onKernel, withoutRelativePaths } from './kernels.ts'
import { howToEnter } from './left.ts'
import { readGrep, readSet, selectTests } from './select.ts'
import { overridden, reachingAs } from './tests.ts'
import { ovlsIn } from './words.ts'

const EXIT_CODES = { passed: 0, failed: 1, broken: 4 } as const

export interface TestRequest {
  /** Test names, then names or directories of ovls. */
  readonly words: readonly string[]
  /** Options from the command line, by the names of their variables. */
  readonly options: Environment
  /** Options from variables. */
  readonly variables: Environment
  /** Directories of additional ovls. */
  readonly ovls: readonly string[]
  /** As typed: `junit=report.xml`. */
  readonly reporters: readonly string[]
  /** As typed: `size=1400`. */
  readonly set?: readonly string[]
  /** Value of `--grep`. */
  readonly grep?: string | undefined
  /** Value of `--progress`. */
  readonly progress?: string | undefined
  /** Print what the tests expect instead of running them. */
  readonly explain?: boolean
  /** An option as the user wrote it, for messages. */
  readonly writtenAs: (option: string) => string
  /** An additional listener, with lines for the user. */
  readonly listener?: (onLine: (line: string) => void) => Listener
}

/**
 * Runs tests and reports them; by default the summary on stderr and the log on stdout.
 * @returns the exit status
 * @throws Failure for an invalid request, before anything is started
 */
export async function runTestCommand(
  request: TestRequest,
  environment: Environment,
  signal: AbortSignal,
): Promise<number> {
  const { options, ovls, writtenAs } = request
  const effective = { ...request.variables, ...options }
  const { words, set = [], grep } = request
  const given = { words, set: readSet(set), grep: readGrep(grep), options, environment, signal }
  const { tests, words: named, others } = await selectTests(given)
  const wanted = reachingAs(effective.__reach, tests, writtenAs('--reach'))
  const progress = readProgress(request.progress, writtenAs('--progress'))
  const details: string[] = []
  const plan: PlannedTest[] = []
  // One seed for the whole run, known in advance, so that the run can be repeated.
  const drawn = { __seed: String(randomInt(2 ** 32)) }
  const kernels = kernelsIn(effective.__kernel, writtenAs('--kernel'))
  for (const kernel of kernels) {
    for (const { test, optional } of wanted) {
      const onLine = (line: string) => details.push(line)
      const { cluster = {}, forced = {}, packages = [] } = test
      const own = { options: { ...options, ...kernel.options }, environment, drawn, onLine, signal }
      const resolved = await resolveCluster({ ...own, test: cluster, forced, packages })
      const request = {
        test,
        settings: resolved.settings,
        options: effective,
        hasOvls: others.length + ovls.length > 0,
      }
      const completed = test.complete ? await test.complete(request) : request
      plan.push({
        test: onKernel(completed.test, kernel),
        settings: completed.settings,
        cluster: resolved.cluster,
        optional: optional || kernel.label !== undefined,
      })
    }
  }
  if (request.explain) {
    ;(await import('./explain.ts')).explainTests(plan, text => process.stdout.write(`${text}\n`))
    return 0
  }
  const { settings } = plan[0] as PlannedTest
  const extraOvls = ovlsIn(others, ovls, settings.ovlPath)
  if (settings.resultsDirectory) prepareResults(settings.resultsDirectory)
  const { reporters } = request
  const logFile = process.stdout.isTTY ? newLogFile(path.join(settings.directories.state, 'logs')) : undefined
  const { resultsDirectory } = settings
  const reporting = readReporting(reporters, environment, resultsDirectory, process.stderr, progress, logFile)
  const { stdout, stderr } = process
  const terminal = await openTerminal({ ...reporting.terminal, stdout, stderr, signal })
  const onLine = (line: string) => terminal.stderr.write(`${line}\n`)
  const more = [...terminal.listeners, ...(request.listener ? [request.listener(onLine)] : [])]
  const { emit, close } = eventStream([...(await openReporters(reporting, terminal)), ...more], onLine)
  const begun = performance.now()
  let result: Omit<RunResult, 'verdict'> & { verdict: Verdict } = {
    verdict: 'broken',
    failures: [],
    flaky: [],
    left: undefined,
  }
  let exitCode: number
  const invocation = {
    ...describeInvocation(named, effective, settings, extraOvls),
    ...(set.length > 0 && { set }),
    ...(grep !== undefined && { grep }),
  }
  const names = plan.map(({ test }) => test.name)
  const labels = kernels.flatMap(({ label }) => label ?? [])
  const perKernel = labels.length > 0 && { kernels: labels }
  emit({ type: 'run-start', tests: names, ...perKernel, invocation, reports: describePlaces(reporting) })
  for (const component of hostComponents()) emit({ type: 'provenance', component })
  for (const text of details) emit({ type: 'detail', text })
  for (const { test } of wanted) for (const text of overridden(test, effective)) emit({ type: 'notice', text })
  const untested =
    named.length === 0 && others.length > 0 ? describeUntested(extraOvls.slice(-others.length)) : undefined
  if (untested) emit({ type: 'notice', text: `${untested}: the test '${wanted[0]?.test.name}' runs with it` })
  try {
    await prepareGuests(plan, emit, signal)
    const ran = await runTests({
      plan,
      extraOvls,
      strict: effective.__strict === 'yes',
      repeatPolicy: settings.repeatPolicy,
      emit,
      signal,
    })
    result = ran
    exitCode = EXIT_CODES[ran.verdict]
  } catch (error) {
    exitCode = exitCodeOf(error)
    if (error instanceof Interrupted) result = { ...result, verdict: 'interrupted' }
    emit({ type: 'run-failed', message: describeError(error) })
  }
  if (untested && result.verdict === 'passed') emit({ type: 'notice', text: `${untested}, so it was not tested` })
  const left = result.left && howToEnter(result.left, effective.__cluster, plan.length > 1)
  const seconds = Math.round((performance.now() - begun) / 1000)
  emit({ type: 'run-end', ...result, left: undefined, ...left, seconds })
  await close()
  terminal.close()
  return exitCode
}

/** Builds the images of the run's guests, so that a mistake in one of them is reported before any test runs. */
async function prepareGuests(plan: readonly PlannedTest[], emit: Emit, signal: AbortSignal): Promise<void> {
  const prepared = new Set<string>()
  for (const { cluster, settings } of plan) {
    const { guest, start } = settings.cluster
    const key = JSON.stringify(guest)
    if (!start || isDefaultGuest(guest) || prepared.has(key)) continue
    prepared.add(key)
    await cluster.prepare?.({ emit, signal })
  }
}

/** The user's request, independent of the working directory. */
function describeInvocation(
  tests: readonly string[],
  options: Environment,
  { packing }: Settings,
  ovls: readonly OvlDirectory[],
): Invocation {
  const used = Object.entries(options).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    command: [programAsTyped(), ...process.argv.slice(2)],
    directory: process.cwd(),
    words: tests,
    options: { ...Object.fromEntries(used), ...(packing.cni && { __cni: packing.cni }), ...pathsOf(options) },
    ovls: ovls.map(({ directory }) => directory),
  }
}

/** Options with files of guests, as absolute paths. */
const pathsOf = (options: Environment): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['__kernel', '__modules', '__keyring'].flatMap(name => {
      const value = options[name]
      return value ? [[name, withoutRelativePaths(value)]] : []
    }),
  )

const describeUntested = (ovls: readonly OvlDirectory[]): string => {
  const names = ovls.map(({ name }) => `'${name}'`).join(', ')
  return ovls.length === 1 ? `${names} is an ovl, not a test` : `${names} are ovls, not tests`
}
