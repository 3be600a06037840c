import { describeConformance } from '../cni/report/words.ts'
import { describeDiagnosis } from '../diagnosis/cause.ts'
import type { Component, Listener, RunEvent, StepId } from '../events/events.ts'
import { attemptName, describeEnd, describeFlaky, describeStep } from '../events/outcomes.ts'
import { recorder } from '../events/recorder.ts'
import { plainText } from '../host/text.ts'
import type { Output } from './output.ts'

/**
 * The complete log of a run, for readers and for `grep`, in lines `HH:MM:SS.mmm <node> <test>/<step> <mark> <text>`.
 * The mark is `|` for a command's stdout, `!` for its stderr, `-` for the host.
 */
export function log(output: Output): Listener {
  const record = recorder({ head: 0, tail: 0 })
  const line = (at: number, node: string, where: string, mark: string, text: string) => {
    for (const part of text.split('\n')) output.write(`${clock(at)} ${node} ${where} ${mark} ${plainText(part)}\n`)
  }
  /** One word: readers split lines at blanks. */
  const place = ({ test, step }: StepId) => `${test}/${step.replaceAll(/\s+/g, '_')}`
  const host = (at: number, where: string, text: string) => line(at, 'host', where, '-', text)

  const on = (event: RunEvent) => {
    record.on(event)
    switch (event.type) {
      case 'run-start':
        host(event.at, 'run', `tests: ${event.tests.join(' ')}`)
        break
      case 'provenance':
        host(event.at, event.test ?? 'run', describeComponent(event.component))
        break
      case 'notice':
      case 'detail':
        host(event.at, 'run', event.text)
        break
      case 'test-start':
        host(event.at, event.test, `TEST CASE: ${attemptName(event.test, event.turn)}: ${event.summary}`)
        for (const { name, value, origin } of event.settings)
          host(event.at, event.test, `setting ${name}='${value}' (${origin})`)
        break
      case 'test-skipped':
        host(event.at, event.test, `skipped: ${event.why}`)
        break
      case 'cluster-start':
        host(event.at, event.test, `cluster: ${event.kind}`)
        break
      case 'node-up':
        host(event.at, 'run', `${event.node} is up (${event.up} of ${event.of})`)
        break
      case 'step-start':
        host(event.at, place(event), `on ${event.nodes.join(' ')}`)
        break
      case 'output':
        line(event.at, event.node, place(event), event.stream === 'stdout' ? '|' : '!', event.line)
        break
      case 'step-end': {
        const { failure } = event
        const verdict = failure
          ? `FAILED: ${failure.why}${failure.location ? ` (${failure.location})` : ''}`
          : describeStep(event)
        line(event.at, event.node, place(event), '-', `${verdict} (${Math.round(event.milliseconds)} ms)`)
        break
      }
      case 'matrix':
        host(event.at, `${event.test}/matrix`, event.text)
        break
      case 'probes':
        host(event.at, `${event.test}/rules`, event.text)
        break
      case 'conformance':
        host(event.at, `${event.test}/conformance`, describeConformance(event.conformance))
        break
      case 'diagnosis':
        for (const text of describeDiagnosis(event)) host(event.at, event.test, text)
        break
      case 'test-end':
        host(event.at, event.test, `${describeEnd(event)}${event.why === undefined ? '' : `: ${event.why}`}`)
        break
      case 'run-failed':
        host(event.at, 'run', `FAILED: ${event.message}`)
        break
      case 'evidence': {
        const where = `${event.test}/evidence`
        line(event.at, event.node, where, '-', `${event.subject}: ${event.what}${event.text ? '' : ': none'}`)
        if (event.text) line(event.at, event.node, where, '|', event.text)
        break
      }
      case 'artefact':
        host(event.at, event.test, `${event.what ?? 'results'}: ${event.path}`)
        break
      case 'run-end': {
        const flaky = describeFlaky(record.run)
        if (flaky) host(event.at, 'run', flaky)
        if (event.left) host(event.at, 'run', event.left)
        host(event.at, 'run', `${event.verdict} in ${event.seconds} s`)
        // A failure that was retried does not count.
        const first = record.run.tests.find(test => !test.retried && test.firstFailure)?.firstFailure
        if (first) {
          for (const last of first.lastLines) line(event.at, first.node, place(first), '|', last)
          line(event.at, first.node, place(first), '-', `FAILED first: ${first.why}`)
        }
        break
      }
    }
  }
  return { name: 'log', on }
}

/** `made with ovl mine, from /home/me/mine, sha256 …` */
function describeComponent({ name, version, place, digest }: Component): string {
  const parts = [version ? `${name} ${version}` : name, place && `from ${place}`, digest && `sha256 ${digest}`]
  return `made with ${parts.filter(Boolean).join(', ')}`
}

/** Local time of day with milliseconds. */
function clock(at: number): string {
  const date = new Date(at)
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
