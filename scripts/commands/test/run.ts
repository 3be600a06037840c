import { randomInt } from 'node:crypto'
import path from 'node:path'
import process from 'node:process'
import { resolveCluster } from '../../cluster/choose.ts'
import type { OvlDirectory } from '../../cluster/cluster.ts'
import { hostComponents } from '../../cluster/components.ts'
import { findOvl, isOvl } from '../../cluster/ovl-directories.ts'
import { describeError, exitCodeOf, programAsTyped } from '../../command-line/edge.ts'
import { Failure, usageFailure } from '../../errors/failure.ts'
import { Interrupted } from '../../errors/interrupted.ts'
import { didYouMean, suggest } from '../../errors/suggest.ts'
import type { Invocation, Listener, Verdict } from '../../events/events.ts'
import { eventStream } from '../../events/stream.ts'
import type { Environment } from '../../host/environment.ts'
import { newLogFile } from '../../reporters/kept-logs.ts'
import { describePlaces, openReporters } from '../../reporters/reporters.ts'
import { readReporting } from '../../reporters/reporting.ts'
import { openTerminal } from '../../reporters/terminal.ts'
import { prepareResults } from '../../runner/artifacts/results/collect.ts'
import type { LeftCluster } from '../../runner/held.ts'
import { ALL, DEFAULT_TEST, findTestCase, testCases } from '../../runner/registry.ts'
import { type PlannedTest, type RunResult, runTests } from '../../runner/runner.ts'
import { expandHome } from '../../settings/home.ts'
import { DEFAULT_CLUSTER_NAME, type Settings } from '../../settings/settings.ts'
import { spelling, writtenAs } from '../../settings/sources.ts'

const EXIT_CODES = { passed: 0, failed: 1, broken: 4 } as const

/**
 * `test --list`: names, on stdout.
 * @param verbose with what each test shows
 */
export function listTests(verbose: boolean): void {
  const all = {
    name: ALL,
    summary: 'Every test, once; tests whose requirements are not met are skipped, with the reason',
  }
  const listed = [...testCases, all]
  const width = Math.max(...listed.map(({ name }) => name.length))
  for (const { name, summary } of listed)
    process.stdout.write(verbose ? `${name.padEnd(width)}  ${summary}\n` : `${name}\n`)
}

/** What is asked of `test`. */
export interface TestRequest {
  /** Test names, then names or directories of ovls. */
  readonly words: readonly string[]
  /** Under their variables' names. */
  readonly options: Environment
  /** Directories of more ovls. */
  readonly ovls: readonly string[]
  /** As typed: `junit=report.xml`. */
  readonly reporters: readonly string[]
  /** As typed: how progress is shown. */
  readonly progress?: string | undefined
  /** More that listens, and has lines for the person. */
  readonly listener?: (onLine: (line: string) => void) => Listener
}

/**
 * Runs tests, and reports: the summary on stderr, the log on stdout, where nothing else is asked for.
 * @returns the exit code
 * @throws Failure of what was asked for, before anything is started
 */
export async function runTestCommand(
  request: TestRequest,
  environment: Environment,
  signal: AbortSignal,
): Promise<number> {
  const { options, ovls } = request
  const { tests, others } = await sortWords(request, environment, signal)
  const wanted = reachingAs(options.__reach, testsIn(tests), environment)
  const said: string[] = []
  const plan: PlannedTest[] = []
  // One for the whole run: what is to be done again must be told in advance.
  const drawn = { __seed: String(randomInt(2 ** 32)) }
  for (const { test, optional } of wanted) {
    const onLine = (line: string) => said.push(line)
    const { cluster = {}, forced = {} } = test
    const resolved = await resolveCluster({ options, environment, test: cluster, forced, drawn, onLine, signal })
    plan.push({ test, settings: resolved.settings, cluster: resolved.cluster, optional })
  }
  const { settings } = plan[0] as PlannedTest
  const extraOvls = ovlsIn(others, ovls, settings.ovlPath)
  if (settings.resultsDirectory) prepareResults(settings.resultsDirectory)
  const { reporters, progress } = request
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
  const invocation = describeInvocation(tests, request, settings, extraOvls)
  const names = wanted.map(({ test }) => test.name)
  emit({ type: 'run-start', tests: names, invocation, reports: describePlaces(reporting) })
  for (const component of hostComponents()) emit({ type: 'provenance', component })
  for (const text of said) emit({ type: 'detail', text })
  for (const { test } of wanted) for (const text of overridden(test, options)) emit({ type: 'notice', text })
  const untested =
    tests.length === 0 && others.length > 0 ? describeUntested(extraOvls.slice(-others.length)) : undefined
  if (untested) emit({ type: 'notice', text: `${untested}: the test '${wanted[0]?.test.name}' runs with it` })
  try {
    const ran = await runTests({
      plan,
      extraOvls,
      strict: options.__strict === 'yes',
      again: settings.again,
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
  if (untested && result.verdict === 'passed')
    emit({ type: 'notice', text: `${untested}, so nothing was tested of it` })
  const left = result.left && howToEnter(result.left, options.__cluster, wanted.length > 1)
  const seconds = Math.round((performance.now() - begun) / 1000)
  emit({ type: 'run-end', ...result, left: undefined, ...left, seconds })
  await close()
  terminal.close()
  return exitCode
}

/** What was asked for, with nothing in it that means something else in another directory. */
function describeInvocation(
  tests: readonly string[],
  { options }: TestRequest,
  { packing }: Settings,
  ovls: readonly OvlDirectory[],
): Invocation {
  const said = Object.entries(options).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    command: [programAsTyped(), ...process.argv.slice(2)],
    directory: process.cwd(),
    words: tests,
    options: { ...Object.fromEntries(said), ...(packing.cni && { __cni: packing.cni }) },
    ovls: ovls.map(({ directory }) => directory),
  }
}

/** What was typed behind `test`, sorted into tests and ovls. */
interface SortedWords {
  readonly tests: readonly string[]
  readonly others: readonly string[]
}

/** The first word is a test where it can be one; behind it, a word that can be both is an ovl: contract, "Tests". */
async function sortWords(
  { words, options }: TestRequest,
  environment: Environment,
  signal: AbortSignal,
): Promise<SortedWords> {
  const isTestName = (word: string) => word === ALL || findTestCase(word) !== undefined
  // Asked only where it matters: xcluster may have to say where ovls are.
  const { ovlPath } = words.slice(1).some(isTestName)
    ? (await resolveCluster({ options, environment, test: {}, onLine: () => {}, signal })).settings
    : { ovlPath: [] }
  const isTest = (word: string, index: number) => isTestName(word) && (index === 0 || !isOvl(word, ovlPath))
  return {
    tests: words.filter(isTest),
    others: words.filter((word, index) => !isTest(word, index)),
  }
}

/** What the user typed that a test overrides. */
function* overridden({ name, forced = {} }: PlannedTest['test'], options: Environment): Iterable<string> {
  for (const [variable, value] of Object.entries(forced)) {
    const typed = options[variable]
    if (typed && typed !== value)
      yield `${name}: ${spelling(variable, 'option')}=${typed} has no effect: this test needs ${value}`
  }
}

const describeUntested = (ovls: readonly OvlDirectory[]): string => {
  const names = ovls.map(({ name }) => `'${name}'`).join(', ')
  return ovls.length === 1 ? `${names} is an ovl, not a test` : `${names} are ovls, not tests`
}

/** The tests that were named; without any it is the default one. Those that `all` stands for are optional. Each is there once. */
function testsIn(words: readonly string[]): readonly Pick<PlannedTest, 'test' | 'optional'>[] {
  const tests = words.flatMap(word => {
    if (word === ALL)
      return testCases.filter(({ sameAs, needs }) => !sameAs && !needs.running).map(test => ({ test, optional: true }))
    const test = findTestCase(word)
    return test ? [{ test, optional: false }] : []
  })
  // What is named is wanted, whatever else names it.
  const named = new Set(tests.filter(({ optional }) => !optional).map(({ test }) => test.name))
  const once = [...new Map(tests.map(({ test }) => [test.name, { test, optional: !named.has(test.name) }])).values()]
  if (once.length > 0) return once
  return testCases.filter(({ name }) => name === DEFAULT_TEST).map(test => ({ test, optional: false }))
}

/**
 * A test of a cluster that runs proves what another one says of who reaches whom.
 * @param name the other one's, or nothing
 */
function reachingAs(
  name: string | undefined,
  tests: ReturnType<typeof testsIn>,
  environment: Environment,
): ReturnType<typeof testsIn> {
  if (name === undefined) return tests
  const option = writtenAs('__reach', name, environment)
  const proving = testCases.filter(({ reach, needs }) => reach && !needs.running)
  const { reach } = proving.find(test => test.name === name) ?? {}
  const names = proving.map(test => test.name)
  if (!reach)
    throw usageFailure(
      'BAD_VALUE',
      `${option}=${name}: no test of this name says who reaches whom: ${names.join(', ')} do`,
      { hint: didYouMean(name, names) },
    )
  if (!tests.some(({ test }) => test.needs.running))
    throw usageFailure('BAD_VALUE', `${option} is for the test matrix: other tests say for themselves who reaches whom`)
  return tests.map(({ test, optional }) => ({ test: test.needs.running ? { ...test, reach } : test, optional }))
}

/** The ovls that were named by `--ovl`, then those that were named behind `test`. */
const ovlsIn = (
  others: readonly string[],
  ovls: readonly string[],
  ovlPath: readonly string[],
): readonly OvlDirectory[] => [
  ...ovls.map(ovl => findOvl(expandHome('--ovl', ovl), ovlPath)),
  ...others.map(word => findTestOrOvl(word, ovlPath)),
]

function findTestOrOvl(word: string, ovlPath: readonly string[]): OvlDirectory {
  try {
    return findOvl(word, ovlPath)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const names = [...testCases.map(test => test.name), ALL]
    throw usageFailure('NO_SUCH_TEST', `no test and no ovl is called '${word}': ${error.message}`, {
      hint: suggest(word, names, `tests are ${names.join(', ')}`),
      cause: error,
    })
  }
}

/** @param several the run has several tests: whose cluster it is is said */
function howToEnter({ name, test }: LeftCluster, kind: string | undefined, several: boolean) {
  const which = `${name === DEFAULT_CLUSTER_NAME ? '' : ` --name ${name}`}${kind ? ` --cluster ${kind}` : ''}`
  const program = programAsTyped()
  const [enter, stop] = [`${program} shell${which} vm-001`, `${program} stop${which}`]
  return {
    left: `The cluster${several ? ` of ${test}` : ''} is left running: ${enter} enters it, ${stop} ends it`,
    leftCommands: [
      { what: 'enter the cluster', text: enter },
      { what: 'stop the cluster', text: stop },
    ],
  }
}
