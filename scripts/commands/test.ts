import process from 'node:process'
import { ALL, findTestCase, testCases } from '../cases/registry.ts'
import { type LeftCluster, type PlannedTest, type RunResult, runTests } from '../cases/runner.ts'
import { chooseCluster } from '../cluster/choose.ts'
import type { OvlDirectory } from '../cluster/cluster.ts'
import { findOvl } from '../cluster/ovl-directories.ts'
import { settle } from '../cluster/settle.ts'
import { Failure, usageFailure } from '../errors/failure.ts'
import { Interrupted } from '../errors/interrupted.ts'
import type { Verdict } from '../report/events.ts'
import { log } from '../report/log.ts'
import { eventStream } from '../report/stream.ts'
import { summary } from '../report/summary.ts'
import { DEFAULT_CLUSTER_NAME } from '../settings/settings.ts'
import type { Environment } from '../settings/sources.ts'
import { readTerminalUse } from '../settings/terminal.ts'
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

/**
 * Runs tests: the summary on stderr, the log on stdout.
 * @param words test names, then names or directories of ovls
 * @param options under their variables' names
 * @param ovls directories of more ovls
 * @returns the exit code
 */
export async function runTestCommand(
  words: readonly string[],
  options: Environment,
  ovls: readonly string[],
  environment: Environment,
  signal: AbortSignal,
): Promise<number> {
  const wanted = reachingAs(options.__reach, testsIn(words))
  const said: string[] = []
  const plan: PlannedTest[] = []
  for (const { test, optional } of wanted) {
    const onLine = (line: string) => said.push(line)
    const settings = await settle({ options, environment, test: test.cluster ?? {}, onLine, signal })
    plan.push({ test, settings, cluster: chooseCluster(settings), optional })
  }
  const extraOvls = ovlsIn(words, ovls, plan[0]?.settings.ovlPath ?? [])
  const complain = (line: string) => process.stderr.write(`${line}\n`)
  const { emit, close } = eventStream(
    [log(process.stdout), summary(process.stderr, readTerminalUse(environment, process.stderr))],
    complain,
  )
  const begun = Date.now()
  let result: Omit<RunResult, 'verdict'> & { verdict: Verdict } = { verdict: 'broken', failures: [], left: undefined }
  let exitCode: number
  emit({ type: 'run-start', tests: wanted.map(({ test }) => test.name) })
  for (const text of said) emit({ type: 'detail', text })
  try {
    const ran = await runTests({ plan, extraOvls, strict: options.__strict === 'yes', emit, signal })
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
  return exitCode
}

/** The tests among what was typed behind `test`; without one it is the default one. Those that `all` stands for are optional. */
function testsIn(words: readonly string[]): readonly Pick<PlannedTest, 'test' | 'optional'>[] {
  const tests = words.flatMap(word => {
    if (word === ALL)
      return testCases.filter(({ sameAs, needs }) => !sameAs && !needs.running).map(test => ({ test, optional: true }))
    const test = findTestCase(word)
    return test ? [{ test, optional: false }] : []
  })
  return tests.length > 0 ? tests : testCases.slice(0, 1).map(test => ({ test, optional: false }))
}

/**
 * A test of a cluster that runs proves what another one says of who reaches whom.
 * @param name the other one's, or nothing
 */
function reachingAs(name: string | undefined, tests: ReturnType<typeof testsIn>): ReturnType<typeof testsIn> {
  if (name === undefined) return tests
  const proving = testCases.filter(({ reach, needs }) => reach && !needs.running)
  const { reach } = proving.find(test => test.name === name) ?? {}
  const names = proving.map(test => test.name).join(', ')
  if (!reach)
    throw usageFailure('BAD_VALUE', `--reach=${name}: no test of this name says who reaches whom: ${names} do`)
  if (!tests.some(({ test }) => test.needs.running))
    throw usageFailure('BAD_VALUE', '--reach is for the test matrix: other tests say for themselves who reaches whom')
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
    const names = testCases.map(test => test.name).join(', ')
    throw usageFailure('NO_SUCH_TEST', `no test and no ovl is called '${word}': ${error.message}`, {
      hint: `tests are ${names}`,
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
