import { randomInt } from 'node:crypto'
import process from 'node:process'
import { ALL, findTestCase, testCases } from '../cases/registry.ts'
import { type LeftCluster, type PlannedTest, type RunResult, runTests } from '../cases/runner.ts'
import { chooseCluster } from '../cluster/choose.ts'
import type { OvlDirectory } from '../cluster/cluster.ts'
import { hostComponents } from '../cluster/components.ts'
import { findOvl } from '../cluster/ovl-directories.ts'
import { settle } from '../cluster/settle.ts'
import { Failure, usageFailure } from '../errors/failure.ts'
import { Interrupted } from '../errors/interrupted.ts'
import { didYouMean, suggest } from '../errors/suggest.ts'
import type { Invocation, Listener, Verdict } from '../report/events.ts'
import { openReporters } from '../report/reporters.ts'
import { eventStream } from '../report/stream.ts'
import { openTerminal } from '../report/terminal.ts'
import { prepareResults } from '../results/collect.ts'
import { readReporting } from '../settings/reporting.ts'
import { DEFAULT_CLUSTER_NAME, type Settings } from '../settings/settings.ts'
import { type Environment, writtenAs } from '../settings/sources.ts'
import { describeError, exitCodeOf, programAsTyped } from './edge.ts'

const EXIT_CODES = { passed: 0, failed: 1, broken: 4 } as const

/** `test --list`: names and summaries, on stdout. */
export function listTests(): void {
  const width = Math.max(...testCases.map(test => test.name.length))
  for (const test of testCases) process.stdout.write(`${test.name.padEnd(width)}  ${test.summary}\n`)
  process.stdout.write(
    `${ALL.padEnd(width)}  Every test, once; what a test needs and cannot have is told, and it is left out\n`,
  )
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
  const { words, options, ovls } = request
  const wanted = reachingAs(options.__reach, testsIn(words), environment)
  const said: string[] = []
  const plan: PlannedTest[] = []
  // One for the whole run: what is to be done again must be told in advance.
  const drawn = { __seed: String(randomInt(2 ** 32)) }
  for (const { test, optional } of wanted) {
    const onLine = (line: string) => said.push(line)
    const settings = await settle({ options, environment, test: test.cluster ?? {}, drawn, onLine, signal })
    plan.push({ test, settings, cluster: chooseCluster(settings), optional })
  }
  const { settings } = plan[0] as PlannedTest
  const extraOvls = ovlsIn(words, ovls, settings.ovlPath)
  if (settings.resultsDirectory) prepareResults(settings.resultsDirectory)
  const { reporters, progress } = request
  const reporting = readReporting(reporters, environment, settings.resultsDirectory, process.stderr, progress)
  const { stdout, stderr } = process
  const terminal = await openTerminal({ ...reporting.terminal, stdout, stderr, signal })
  const onLine = (line: string) => terminal.stderr.write(`${line}\n`)
  const more = [...terminal.listeners, ...(request.listener ? [request.listener(onLine)] : [])]
  const { emit, close } = eventStream([...(await openReporters(reporting, terminal)), ...more], onLine)
  const begun = Date.now()
  let result: Omit<RunResult, 'verdict'> & { verdict: Verdict } = {
    verdict: 'broken',
    failures: [],
    flaky: [],
    left: undefined,
  }
  let exitCode: number
  const invocation = describeInvocation(request, settings, extraOvls)
  emit({ type: 'run-start', tests: wanted.map(({ test }) => test.name), invocation })
  for (const component of hostComponents()) emit({ type: 'provenance', component })
  for (const text of said) emit({ type: 'detail', text })
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
  const left = result.left === undefined ? undefined : howToEnter(result.left, options.__cluster)
  emit({ type: 'run-end', ...result, left, seconds: Math.round((Date.now() - begun) / 1000) })
  await close()
  terminal.close()
  return exitCode
}

/** What was asked for, with nothing in it that means something else in another directory. */
function describeInvocation(
  { words, options }: TestRequest,
  { packing }: Settings,
  ovls: readonly OvlDirectory[],
): Invocation {
  const said = Object.entries(options).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    command: [programAsTyped(), ...process.argv.slice(2)],
    directory: process.cwd(),
    words: words.filter(word => word === ALL || findTestCase(word)),
    options: { ...Object.fromEntries(said), ...(packing.cni && { __cni: packing.cni }) },
    ovls: ovls.map(({ directory }) => directory),
  }
}

/** The tests among what was typed behind `test`; without one it is the default one. Those that `all` stands for are optional. Each is there once. */
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
  return once.length > 0 ? once : testCases.slice(0, 1).map(test => ({ test, optional: false }))
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

/** The ovls that were named by `--ovl`, and those among what was typed behind `test`. */
function ovlsIn(
  words: readonly string[],
  ovls: readonly string[],
  ovlPath: readonly string[],
): readonly OvlDirectory[] {
  const others = words.filter(word => word !== ALL && !findTestCase(word))
  return [...ovls.map(ovl => findOvl(ovl, ovlPath)), ...others.map(word => findTestOrOvl(word, ovlPath))]
}

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

function howToEnter({ name, endedBy }: LeftCluster, kind: string | undefined): string {
  const named = name === DEFAULT_CLUSTER_NAME ? '' : ` --name ${name}`
  const program = programAsTyped()
  const entering = `${program} exec${named}${kind ? ` --cluster ${kind}` : ''} vm-001`
  return `The cluster is left running: ${entering} enters it, ${endedBy ?? `${program} stop${named}`} ends it`
}
