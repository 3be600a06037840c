import { finished } from 'node:stream/promises'
import { environmentFailure, type Failure, infrastructureFailure, usageFailure } from '../errors/failure.ts'
import { follow } from '../host/deadline.ts'
import { plainText } from '../host/text.ts'
import { boundedCollector } from '../ssh/collector.ts'
import { lineSplitter } from '../ssh/lines.ts'
import type { End, ScriptStreams } from './end.ts'
import type { Location } from './location.ts'

/** A location, and where that is. */
export interface Place extends Location {
  readonly end: End
}

/** Of what a script writes on stderr, the last lines are its reason. */
const LAST_LINES = 3
const MOST_CHARACTERS = 300
/** An answer is a line. */
const MOST_BYTES = 4096

/** How a script is run. */
export interface ScriptRun extends Omit<ScriptStreams, 'stderr'> {
  readonly signal?: AbortSignal
  /** A line on stderr after which the script is not waited for: tar goes on with the next file when a disk is full. */
  readonly fatal?: RegExp
}

/**
 * Runs a script at the end where a place is.
 * @throws Failure COPY_REFUSED (exit 2) or COPY_FAILED (exit 3) with what the script said; the signal's reason
 */
export async function runAt({ end, typed }: Place, script: string, words: readonly string[], run: ScriptRun) {
  const { signal, fatal, ...streams } = run
  const said: string[] = []
  const ending = new AbortController()
  const stopFollowing = follow(signal, ending)
  const failed = (exitCode: number) => {
    const why = `${typed}: ${said.join('; ') || `the copying ended with exit code ${exitCode}`}`
    return exitCode === 2 ? usageFailure('COPY_REFUSED', why) : environmentFailure('COPY_FAILED', why)
  }
  const stderr = lineSplitter(line => {
    const text = plainText(line).slice(0, MOST_CHARACTERS)
    if (text && said.push(text) > LAST_LINES) said.shift()
    if (fatal?.test(text)) ending.abort(failed(3))
  })
  try {
    const exitCode = await end.run(script, words, { ...streams, stderr }, ending.signal)
    await finished(stderr.end())
    if (exitCode !== 0) throw failed(exitCode)
  } finally {
    stopFollowing()
  }
}

/** The same, for a script that answers with a line. */
export async function askAt(place: Place, script: string, words: readonly string[], signal: AbortSignal) {
  const stdout = boundedCollector(MOST_BYTES)
  await runAt(place, script, words, { stdout: stdout.stream, signal })
  return stdout.bytes().toString()
}

/** What a VM answers or sends is not what the copy asked for: its programs, or those who took it over, are not trusted. */
export const untrusted = ({ typed }: Location, why: string): Failure =>
  infrastructureFailure('COPY_UNTRUSTED', `${typed}: refused: ${why}`)
