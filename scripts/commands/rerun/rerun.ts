import fs from 'node:fs'
import path from 'node:path'
import { usageFailure } from '../../errors/failure.ts'
import type { Component, Listener } from '../../events/events.ts'
import type { Environment } from '../../host/environment.ts'
import { reasonOf, tryStat } from '../../host/files.ts'
import { RESULTS_VERSION, type Results } from '../../reporters/results.ts'
import type { Setting } from '../../settings/sources.ts'
import { runTestCommand, type TestRequest } from '../test/run.ts'

/** Settings that are not repeated: the results directory, and whether this is a pipeline. */
const NOT_REPEATED = ['__results', 'CI']
/** Origins of values that are resolved again; other values were set by the user or generated. */
const RESOLVED_AGAIN = ['environment', 'test', 'topology', 'xcluster', 'default']
/** Variables of settings: those of the current environment are removed. */
const SETTINGS =
  /^(__|xcluster_|XCLUSTER_NETNS_|(XCLUSTER(_OVLPATH)?|TOPOLOGY|BASEOVLS|XOVLS|ARCHIVE|NFQLBDIR|SOURCE_DATE_EPOCH)$)/

/**
 * Repeats a run with the settings and the seed of its results.json. Reports changed components (kernel, QEMU, ovls) on
 * stderr.
 * @param place the results directory, or results.json
 * @param options of this call; they take precedence
 * @param reporting of this call
 * @returns the exit status
 * @throws Failure NO_RESULTS, BAD_RESULTS (exit 2), and those of `test`
 */
export async function repeatRun(
  place: string,
  options: Environment,
  reporting: Pick<TestRequest, 'reporters' | 'progress' | 'writtenAs'>,
  environment: Environment,
  signal: AbortSignal,
): Promise<number> {
  const results = readResults(place)
  const { words, ovls, set, grep } = results.invocation
  // Each test has one kernel of several: the invocation has all.
  const isRepeated = ({ name }: Setting) => name !== '__kernel' && !NOT_REPEATED.includes(name)
  const recorded = results.tests.flatMap(({ settings }) => settings).filter(isRepeated)
  const from = (isWanted: (origin: string) => boolean) =>
    Object.fromEntries(recorded.filter(({ origin }) => isWanted(origin)).map(({ name, value }) => [name, value]))
  const kind = recorded.find(({ name }) => name === '__cluster')
  const again = Object.entries(results.invocation.options).filter(([name]) => !NOT_REPEATED.includes(name))
  const request = {
    words,
    ovls,
    ...(set && { set }),
    ...(grep !== undefined && { grep }),
    ...reporting,
    variables: {},
    options: {
      ...Object.fromEntries(again),
      ...from(origin => !RESOLVED_AGAIN.includes(origin)),
      ...(kind && { __cluster: kind.value }),
      ...options,
    },
    listener: (onLine: (line: string) => void) => differences(results, onLine),
  }
  const others = Object.entries(environment).filter(([name]) => !SETTINGS.test(name))
  const inherited = { ...Object.fromEntries(others), ...from(origin => origin === 'environment') }
  return await runTestCommand(request, inherited, signal)
}

/** @throws Failure NO_RESULTS, BAD_RESULTS (exit 2) */
function readResults(place: string): Results {
  const file = tryStat(place)?.isDirectory() ? path.join(place, 'results.json') : place
  let text: string
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw usageFailure('NO_RESULTS', `cannot read ${file}: ${reasonOf(error)}`, {
      hint: './netns.ts test --results <directory> writes it',
      cause: error,
    })
  }
  const results = parse(text)
  if (!results?.invocation || !Array.isArray(results.tests))
    throw usageFailure('BAD_RESULTS', `${file}: is not a results.json of a run`)
  if (results.version === RESULTS_VERSION) return results
  throw usageFailure(
    'BAD_RESULTS',
    `${file}: has version ${results.version}, but this program reads ${RESULTS_VERSION}`,
  )
}

function parse(text: string): Results | undefined {
  try {
    return JSON.parse(text) as Results
  } catch {
    return undefined // invalid
  }
}

/** Reports components of this run that differ from those of the earlier one. */
function differences({ components, tests }: Results, onLine: (line: string) => void): Listener {
  const reported = new Set<string>()
  const on: Listener['on'] = event => {
    if (event.type !== 'provenance') return
    const { test, component } = event
    const then = [...components, ...(tests.find(each => each.test === test)?.components ?? [])]
    const before = then.find(({ name }) => name === component.name)
    if (!before || identify(before) === identify(component) || reported.has(component.name)) return
    reported.add(component.name)
    onLine(`changed: ${component.name} is ${identify(component)}, was ${identify(before)}`)
  }
  return { name: 'differences', on }
}

const identify = ({ version = '', digest = '' }: Component): string => [version, digest].filter(Boolean).join(' ')
