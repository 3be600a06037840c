import fs from 'node:fs'
import path from 'node:path'
import { usageFailure } from '../../errors/failure.ts'
import type { Component, Listener } from '../../events/events.ts'
import type { Environment } from '../../host/environment.ts'
import { reasonOf, tryStat } from '../../host/files.ts'
import { RESULTS_VERSION, type Results } from '../../reporters/results.ts'
import { runTestCommand, type TestRequest } from '../test/run.ts'

/** Settings that are the caller's of now: where the results go, and whether somebody is there to look. */
const NOT_AGAIN = ['__results', 'CI']
/** Where values come from that find their way by themselves. The others are what a person has said, or what was drawn. */
const BY_THEMSELVES = ['environment', 'test', 'topology', 'xcluster', 'default']
/** What would be settings of this run, and was perhaps none of the other. */
const SETTINGS =
  /^(__|XCLUSTER_NETNS_|xcluster_|XCLUSTER$|TOPOLOGY$|BASEOVLS$|XOVLS$|XCLUSTER_OVLPATH$|ARCHIVE$|NFQLBDIR$|SOURCE_DATE_EPOCH$)/

/**
 * Does a run again, by the settings and the seed that its results.json holds. What is made with something else than it was then
 * (another kernel, another QEMU, a changed ovl) is told on stderr.
 * @param place the directory of its results, or the file
 * @param options of now: they win
 * @param reporting of now
 * @returns the exit code
 * @throws Failure NO_RESULTS, BAD_RESULTS (exit 2), and all that `test` throws
 */
export async function repeatRun(
  place: string,
  options: Environment,
  reporting: Pick<TestRequest, 'reporters' | 'progress' | 'writtenAs'>,
  environment: Environment,
  signal: AbortSignal,
): Promise<number> {
  const results = readResults(place)
  const { words, ovls } = results.invocation
  const said = results.tests.flatMap(({ settings }) => settings).filter(({ name }) => !NOT_AGAIN.includes(name))
  const from = (isWanted: (origin: string) => boolean) =>
    Object.fromEntries(said.filter(({ origin }) => isWanted(origin)).map(({ name, value }) => [name, value]))
  const kind = said.find(({ name }) => name === '__cluster')
  const again = Object.entries(results.invocation.options).filter(([name]) => !NOT_AGAIN.includes(name))
  const request = {
    words,
    ovls,
    ...reporting,
    variables: {},
    options: {
      ...Object.fromEntries(again),
      ...from(origin => !BY_THEMSELVES.includes(origin)),
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
      hint: './netns.ts test --results <directory> writes it there',
      cause: error,
    })
  }
  const results = parse(text)
  if (!results?.invocation || !Array.isArray(results.tests))
    throw usageFailure('BAD_RESULTS', `${file}: is no results.json of a run`)
  if (results.version === RESULTS_VERSION) return results
  throw usageFailure(
    'BAD_RESULTS',
    `${file}: has version ${results.version}, and this program reads ${RESULTS_VERSION}`,
  )
}

function parse(text: string): Results | undefined {
  try {
    return JSON.parse(text) as Results
  } catch {
    return undefined // the answer: it is none
  }
}

/** Tells what a run is made with that differs from what another was made with. */
function differences({ components, tests }: Results, onLine: (line: string) => void): Listener {
  const told = new Set<string>()
  const on: Listener['on'] = event => {
    if (event.type !== 'provenance') return
    const { test, component } = event
    const then = [...components, ...(tests.find(each => each.test === test)?.components ?? [])]
    const before = then.find(({ name }) => name === component.name)
    if (!before || identify(before) === identify(component) || told.has(component.name)) return
    told.add(component.name)
    onLine(`not as it was: ${component.name} is ${identify(component)}, and was ${identify(before)}`)
  }
  return { name: 'differences', on }
}

const identify = ({ version = '', digest = '' }: Component): string => [version, digest].filter(Boolean).join(' ')
