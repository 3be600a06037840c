import { setTimeout as delay } from 'node:timers/promises'
import type { Command, CommandOptions, Place } from '../../cases/command.ts'
import type { CommandResult } from '../../cases/context.ts'
import { Failure } from '../../errors/failure.ts'
import type { StepId } from '../../events/events.ts'
import { withDeadline } from '../../host/deadline.ts'
import { runLines, type Stream } from '../../ssh/node.ts'
import { endHostStep } from '../host-step.ts'
import { failureFor, LAST_LINES, type StepContext, type StepFailure, startStep, stepTimeout } from '../steps.ts'
import type { CommandPlace, TestRun } from '../test-run.ts'
import { mismatch } from './expected.ts'
import { placesOf, wordsIn } from './places.ts'

export interface CommandRequest extends Place, CommandOptions {
  readonly name: string
  readonly command: Command
  /** The place in the file of the test, for failures. */
  readonly location?: string | undefined
}

interface CommandOutcome {
  readonly results: readonly CommandResult[]
  readonly failures: readonly StepFailure[]
}

/** How long a retried command pauses. */
const RETRY_MS = 200
/** How many characters of each stream a result has. */
const MOST_TEXT = 16 * 2 ** 20

/** A command that has run in one place. */
interface Attempt {
  readonly result: CommandResult
  readonly lines: readonly (readonly [Stream, string])[]
  /** Why its outcome is not the expected one. */
  readonly why: string | undefined
}

/**
 * Runs a command on nodes or in PODs as a step, on all at once. The outcome on a node is that of its PODs.
 * @throws the signal's reason when that is aborted
 */
export async function runCommand(request: CommandRequest, run: TestRun, context: StepContext): Promise<CommandOutcome> {
  let places: readonly CommandPlace[]
  try {
    places = await placesOf(request, run, context.signal)
  } catch (error) {
    if (!(error instanceof Failure) || context.signal.aborted) throw error
    const failure = endHostStep(request.name, context, { why: error.message, location: request.location })
    return { results: [], failures: [failure] }
  }
  const nodes = [...new Set(places.map(({ node }) => node))]
  const id = startStep(request.name, nodes, context, request.name)
  const outcomes = await Promise.all(
    nodes.map(async node => {
      const begun = performance.now()
      const own = places.filter(place => place.node === node)
      const ended = await Promise.all(own.map(place => runIn(place, request, id, context)))
      const failure = ended.find(each => each.failure)?.failure
      context.emit({ type: 'step-end', ...id, node: node.name, failure, milliseconds: performance.now() - begun })
      return ended
    }),
  )
  const ended = outcomes.flat()
  return {
    results: ended.flatMap(({ result }) => result ?? []),
    failures: ended.flatMap(({ failure }) => failure ?? []),
  }
}

interface Ended {
  readonly result?: CommandResult
  readonly failure?: StepFailure
}

async function runIn(place: CommandPlace, request: CommandRequest, id: StepId, context: StepContext): Promise<Ended> {
  const { node, name } = place
  const isPod = name !== node.name
  const emit = (stream: Stream, text: string) =>
    context.emit({ type: 'output', ...id, node: node.name, stream, line: isPod ? `${name}: ${text}` : text })
  const isRetried = request.expect?.withinSeconds !== undefined
  const lastLines: string[] = []
  const onLine = (stream: Stream, line: string) => {
    if (!isRetried) emit(stream, line)
    if (lastLines.push(line) > LAST_LINES) lastLines.shift()
  }
  const step = { ...id, lastLines, ...(request.location && { location: request.location }) }
  try {
    const { result, lines, why } = await attempts(place, request, context, onLine, () => lastLines.splice(0))
    if (isRetried) for (const [stream, line] of lines) emit(stream, line)
    if (why === undefined) return { result }
    return { result, failure: { ...step, node: node.name, why: isPod ? `${name}: ${why}` : why, broken: false } }
  } catch (error) {
    const failure = await failureFor(error, node, step, context)
    return { failure: isPod && !failure.broken ? { ...failure, why: `${name}: ${failure.why}` } : failure }
  }
}

/** Runs a command, and again while its outcome is not the expected one and there is time. */
async function attempts(
  place: CommandPlace,
  request: CommandRequest,
  { signal, timeoutSeconds }: StepContext,
  onLine: (stream: Stream, line: string) => void,
  onAttempt: () => void,
): Promise<Attempt> {
  const seconds = request.timeoutSeconds ?? timeoutSeconds
  const { withinSeconds = 0 } = request.expect ?? {}
  const end = performance.now() + withinSeconds * 1000
  const options = { parent: signal, reason: () => stepTimeout(seconds) }
  return await withDeadline(
    seconds * 1000,
    async deadline => {
      for (;;) {
        onAttempt()
        const attempt = await attemptIn(place, request, onLine, deadline.signal)
        const isLast = performance.now() + RETRY_MS > end
        if (attempt.why === undefined) return attempt
        if (isLast) return withinSeconds > 0 ? { ...attempt, why: `${attempt.why}, for ${withinSeconds} s` } : attempt
        await delay(RETRY_MS, undefined, { signal: deadline.signal }).catch(() => deadline.signal.throwIfAborted())
      }
    },
    options,
  )
}

async function attemptIn(
  place: CommandPlace,
  { command, environment = {}, input, expect }: CommandRequest,
  onLine: (stream: Stream, line: string) => void,
  signal: AbortSignal,
): Promise<Attempt> {
  const lines: [Stream, string][] = []
  const texts = { stdout: '', stderr: '' }
  const take = (stream: Stream, line: string) => {
    lines.push([stream, line])
    if (texts[stream].length < MOST_TEXT) texts[stream] += `${line}\n`
    onLine(stream, line)
  }
  const words = wordsIn(place, wordsOf(command, environment))
  const status = await runLines(place.node, words, take, signal, input)
  const result = { where: place.name, node: place.node.name, status, ...texts }
  return { result, lines, why: mismatch(result, expect) }
}

/** The words of a command with its variables. */
export function wordsOf(command: Command, environment: Readonly<Record<string, string>> = {}): readonly string[] {
  const words = typeof command === 'string' ? ['sh', '-c', command] : command
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return variables.length > 0 ? ['env', ...variables, ...words] : words
}
