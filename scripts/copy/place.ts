import { finished } from 'node:stream/promises'
import { environmentFailure, type Failure, infrastructureFailure, usageFailure } from '../errors/failure.ts'
import { follow } from '../host/deadline.ts'
import { plainText } from '../host/text.ts'
import { boundedCollector } from '../ssh/collector.ts'
import { lineSplitter } from '../ssh/lines.ts'
import type { End, ScriptStreams } from './end.ts'
import type { Location } from './location.ts'

/** A location, and the end at which it is. */
export interface Place extends Location {
  readonly end: End
}

/** Lines at the end of stderr that are reported as the reason of a failure. */
const MAX_LINES = 3
const MAX_LINE_CHARACTERS = 300
/** An answer is a single line. */
const MAX_ANSWER_BYTES = 4096

export interface ScriptRun extends Omit<ScriptStreams, 'stderr'> {
  readonly signal?: AbortSignal
  /** A line on stderr that aborts the script: tar continues with the next file when a disk is full. */
  readonly fatal?: RegExp
}

/**
 * Runs a script at the end of a place.
 * @throws Failure COPY_REFUSED (exit 2) or COPY_FAILED (exit 3) with the script's messages; the signal's reason
 */
export async function runScript({ end, userInput }: Place, script: string, words: readonly string[], run: ScriptRun) {
  const { signal, fatal, ...streams } = run
  const messages: string[] = []
  const ending = new AbortController()
  const stopFollowing = follow(signal, ending)
  const failure = (exitCode: number) => {
    const why = `${userInput}: ${messages.join('; ') || `copying failed with exit status ${exitCode}`}`
    return exitCode === 2 ? usageFailure('COPY_REFUSED', why) : environmentFailure('COPY_FAILED', why)
  }
  const stderr = lineSplitter(line => {
    const text = plainText(line).slice(0, MAX_LINE_CHARACTERS)
    if (text && messages.push(text) > MAX_LINES) messages.shift()
    if (fatal?.test(text)) ending.abort(failure(3))
  })
  try {
    const exitCode = await end.run(script, words, { ...streams, stderr }, ending.signal)
    await finished(stderr.end())
    if (exitCode !== 0) throw failure(exitCode)
  } finally {
    stopFollowing()
  }
}

/** Runs a script that answers with a line. */
export async function queryScript(place: Place, script: string, words: readonly string[], signal: AbortSignal) {
  const stdout = boundedCollector(MAX_ANSWER_BYTES)
  await runScript(place, script, words, { stdout: stdout.stream, signal })
  return stdout.bytes().toString()
}

/** A node is untrusted: it answered or sent something other than what was requested. */
export const untrusted = ({ userInput }: Location, why: string): Failure =>
  infrastructureFailure('COPY_UNTRUSTED', `${userInput}: refused: ${why}`)
