import process from 'node:process'
import { findTestCase, testCases } from '../cases/registry.ts'
import { type RunResult, runTests } from '../cases/runner.ts'
import type { TestCase } from '../cases/test-case.ts'
import { chooseCluster } from '../cluster/choose.ts'
import type { OvlDirectory } from '../cluster/cluster.ts'
import { findOvl } from '../cluster/ovl-directories.ts'
import { Failure, usageFailure } from '../errors/failure.ts'
import { Interrupted } from '../errors/interrupted.ts'
import type { Verdict } from '../report/events.ts'
import { log } from '../report/log.ts'
import { eventStream } from '../report/stream.ts'
import { summary } from '../report/summary.ts'
import { DEFAULT_CLUSTER_NAME, readSettings } from '../settings/settings.ts'
import type { Environment } from '../settings/sources.ts'
import { readTerminalUse } from '../settings/terminal.ts'
import { describeError, exitCodeOf, programAsTyped } from './edge.ts'

const EXIT_CODES = { passed: 0, failed: 1, broken: 4 } as const

/** `test --list`: names and summaries, on stdout. */
export function listTests(): void {
  const width = Math.max(...testCases.map(test => test.name.length))
  for (const test of testCases) process.stdout.write(`${test.name.padEnd(width)}  ${test.summary}\n`)
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
  const settings = readSettings(options, environment)
  const { tests, extraOvls } = sortWords(words, ovls, settings.ovlPath)
  const cluster = chooseCluster(settings)
  const complain = (line: string) => process.stderr.write(`${line}\n`)
  const { emit, close } = eventStream(
    [log(process.stdout), summary(process.stderr, readTerminalUse(environment, process.stderr))],
    complain,
  )
  const begun = Date.now()
  let result: Omit<RunResult, 'verdict'> & { verdict: Verdict } = { verdict: 'broken', failures: [], left: undefined }
  let exitCode: number
  emit({ type: 'run-start', tests: tests.map(test => test.name), settings: settings.origins })
  try {
    const ran = await runTests({ tests, cluster, extraOvls, settings, emit, signal })
    result = ran
    exitCode = EXIT_CODES[ran.verdict]
  } catch (error) {
    exitCode = exitCodeOf(error)
    if (error instanceof Interrupted) result = { ...result, verdict: 'interrupted' }
    emit({ type: 'run-failed', message: describeError(error) })
  }
  const left = result.left === undefined ? undefined : howToEnter(result.left)
  emit({ type: 'run-end', ...result, left, seconds: Math.round((Date.now() - begun) / 1000) })
  await close()
  return exitCode
}

/** Sorts what was typed behind `test` into tests and ovls; without a test it is the default one. */
function sortWords(words: readonly string[], ovls: readonly string[], ovlPath: readonly string[]) {
  const tests: TestCase[] = []
  const extraOvls: OvlDirectory[] = ovls.map(ovl => findOvl(ovl, ovlPath))
  for (const word of words) {
    const test = findTestCase(word)
    if (test) tests.push(test)
    else extraOvls.push(findTestOrOvl(word, ovlPath))
  }
  const [defaultTest] = testCases
  if (tests.length === 0 && defaultTest) tests.push(defaultTest)
  return { tests, extraOvls }
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

function howToEnter(cluster: string): string {
  const name = cluster === DEFAULT_CLUSTER_NAME ? '' : ` --name ${cluster}`
  const program = programAsTyped()
  return `The cluster is left running: ${program} exec${name} vm-001 enters it, ${program} stop${name} ends it`
}
