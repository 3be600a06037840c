import { stringify } from 'yaml'
import type { Listener, RunEvent, StepId } from '../events/events.ts'
import { attemptName, describeFlaky, isFlaky, notRun, ONCE, reasonsOf } from '../events/outcomes.ts'
import { recorder } from '../events/recorder.ts'
import { plainLines, plainText, yamlText } from '../host/text.ts'
import { newLines } from './failed-step.ts'
import type { Output } from './output.ts'

const RETRIED = 'TODO failed, retrying'
const INDENT = '    '
/** Characters per piece of evidence. */
const EVIDENCE = 4096

/** A step that has not ended. */
interface OpenStep extends StepId {
  readonly begun: number
  /** Those that have not ended. */
  readonly nodes: Set<string>
  /** The number of its nodes. */
  readonly of: number
  /** The reasons of the nodes that skipped it. */
  readonly skipped: string[]
}

/** The test points of a nesting level. */
interface Level {
  count: number
  /** No point is `not ok`, including those that do not count. */
  isOk: boolean
}

/**
 * The run as TAP 14 (https://testanything.org/tap-version-14-specification.html), written during the run: a
 * test is a subtest with a subtest for each step, in which every node is a point. A failure has its reason as YAML; one
 * that may be retried is a `TODO`, which does not count; a run that ends early prints `Bail out!`.
 */
export function tap(output: Output): Listener {
  const record = recorder({ head: 0, tail: 0 })
  const levels: Level[] = [{ count: 0, isOk: true }]
  /** The steps that have not ended, each within the one before. */
  const steps: OpenStep[] = []
  const line = (text: string) => output.write(`${INDENT.repeat(levels.length - 1)}${yamlText(text)}\n`)
  const open = (name: string) => {
    line(`# Subtest: ${escapeHash(name)}`)
    levels.push({ count: 0, isOk: true })
  }
  const point = (isOk: boolean, name: string, directive = '', diagnostics?: object) => {
    const level = levels.at(-1) as Level
    level.count++
    level.isOk &&= isOk
    line(`${isOk ? 'ok' : 'not ok'} ${level.count} - ${escapeHash(name)}${directive && ` # ${directive}`}`)
    if (!diagnostics) return
    line('  ---')
    for (const part of yamlText(stringify(diagnostics, { lineWidth: 0 }))
      .trimEnd()
      .split('\n'))
      line(`  ${part}`)
    line('  ...')
  }
  /** Ends a level. @returns whether all of its points are ok */
  const close = (): boolean => {
    line(`1..${(levels.at(-1) as Level).count}`)
    return levels.pop()?.isOk === true
  }
  const closeStep = (why: string) => {
    const step = steps.pop()
    if (!step) return
    const { test, step: name, begun, nodes, of, skipped } = step
    for (const node of nodes) point(false, node, '', { message: why, test, step: name, node })
    const isOk = close()
    const isSkipped = skipped.length > 0 && skipped.length === of
    const duration_ms = Math.round(at - begun)
    if (isSkipped) point(true, name, `SKIP ${escapeHash(skipped[0] ?? '')}`)
    else point(isOk, name, isOk ? '' : directive, { duration_ms })
  }
  let at = 0
  /** Marks every point: readers count the points of a subtest. */
  let directive = ''

  const on = (event: RunEvent) => {
    record.on(event)
    at = event.at
    switch (event.type) {
      case 'run-start':
        line('TAP version 14')
        break
      case 'test-start': {
        const { attempt, attempts } = event.turn ?? ONCE
        directive = attempt < attempts ? RETRIED : ''
        open(attemptName(event.test, event.turn))
        line(`# ${escapeHash(event.summary)}`)
        break
      }
      case 'test-skipped':
        // It may have started: missing kernel features are found late.
        while (levels.length > 1) close()
        point(true, event.test, `SKIP ${escapeHash(event.why)}`)
        break
      case 'step-start':
        steps.push({ ...event, begun: event.at, nodes: new Set(event.nodes), of: event.nodes.length, skipped: [] })
        open(event.step)
        break
      case 'step-end': {
        const step = steps.find(({ index }) => index === event.index)
        // Steps within it that did not end.
        while (step && steps.at(-1) !== step) closeStep('not finished')
        step?.nodes.delete(event.node)
        if (event.skipped !== undefined && !event.failure) {
          step?.skipped.push(event.skipped)
          point(true, event.node, `SKIP ${escapeHash(event.skipped)}`)
        } else point(!event.failure, event.node, event.failure ? directive : '', diagnosticsOf(event))
        if (step?.nodes.size === 0) closeStep('')
        break
      }
      case 'matrix':
      case 'probes':
        line(`# ${plainText(event.text)}`)
        break
      case 'test-end': {
        const why = plainText(event.why ?? event.verdict)
        while (steps.length > 0) closeStep(why)
        if (levels.length === 2 && levels[1]?.isOk && event.verdict !== 'passed')
          point(false, 'cluster', '', { message: why })
        close()
        const { verdict, turn = ONCE, retried } = event
        const ended = record.run.tests.at(-1)
        const evidence = ended?.evidence ?? []
        const reasons = ended ? reasonsOf(ended) : []
        point(verdict === 'passed', attemptName(event.test, turn), retried ? directive : '', {
          verdict: isFlaky({ verdict, turn }) ? 'flaky' : verdict,
          ...(reasons.length > 0 && { reasons }),
          ...(event.why !== undefined && { message: why }),
          ...(evidence.length > 0 && {
            evidence: evidence.map(({ subject, what, text }) => ({
              subject,
              what,
              text: plainLines(text.slice(0, EVIDENCE)),
            })),
          }),
        })
        break
      }
    }
  }
  const end = (): void => {
    const { message, left } = record.run
    for (const test of notRun(record.run))
      point(false, test, '', { message: `not run: ${plainLines(message ?? 'the run ended early')}` })
    if (message) {
      line(`Bail out! ${escapeHash(message.replaceAll('\n', ' '))}`)
      return
    }
    line(`1..${levels[0]?.count}`)
    const flaky = describeFlaky(record.run)
    if (flaky) line(`# ${flaky}`)
    if (left) line(`# ${escapeHash(left)}`)
  }
  return { name: 'tap', on, close: async () => end() }
}

type StepEnd = Extract<RunEvent, { readonly type: 'step-end' }>

function diagnosticsOf({ failure, milliseconds, warning }: StepEnd): object {
  const duration_ms = Math.round(milliseconds)
  if (!failure && warning !== undefined) return { message: plainLines(warning), severity: 'warning', duration_ms }
  if (!failure) return { duration_ms }
  const { test, step, node, why, broken, location } = failure
  return {
    message: plainLines(why),
    severity: broken ? 'broken' : 'failed',
    test,
    step,
    node,
    ...(location && { at: location }),
    duration_ms,
    output: newLines(failure),
  }
}

/** `#` would start a directive. */
const escapeHash = (text: string): string => plainText(text).replaceAll('\\', '\\\\').replaceAll('#', '\\#')
