import type { Listener, RunEvent } from './events.ts'
import { describeFailedStep, newLines } from './failed-step.ts'
import type { Output } from './output.ts'
import { GREEN, painter, RED, YELLOW } from './paint.ts'
import { describeEnd, describeFlaky, isFlaky, ONCE, turnName } from './record.ts'
import type { TerminalUse } from './terminal.ts'
import { plainLines, plainText } from './text.ts'

/**
 * The summary of a run for the person, in xcluster's form: `HH:MM:SS (<seconds since start>): TEST CASE: <what>`,
 * lines from VMs indented by two, the total time in the last line.
 */
export function summary(output: Output, { colour }: Pick<TerminalUse, 'colour'>): Listener {
  let begun = 0
  const evidence: string[] = []
  const paint = painter(colour)
  const line = (text: string) => output.write(`${text}\n`)
  const host = (at: number, text: string) => line(`${clock(at)} (${Math.floor((at - begun) / 1000)}): ${text}`)

  const on = (event: RunEvent) => {
    switch (event.type) {
      case 'run-start':
        begun = event.at
        break
      case 'notice':
        host(event.at, plainLines(event.text))
        break
      case 'test-start':
        host(event.at, `TEST CASE: ${turnName(event.test, event.turn)}: ${event.summary}`)
        break
      case 'test-skipped':
        host(event.at, `skipped: ${event.test}: ${plainLines(event.why)}`)
        break
      case 'cluster-start':
        host(event.at, `cluster: ${plainLines(event.kind)}`)
        break
      case 'output':
        if (event.stream === 'stderr') line(`  ${failedInRed(plainText(event.line))}`)
        break
      case 'step-end':
        if (event.failure) {
          host(event.at, paint(RED, `FAILED: ${describeFailedStep(event.failure)}`))
          for (const last of newLines(event.failure)) line(`    ${last}`)
        }
        break
      case 'matrix':
        host(event.at, `matrix: ${event.text}`)
        break
      case 'test-end': {
        const { verdict, turn = ONCE, retried } = event
        const colour = isFlaky({ verdict, turn }) || retried ? YELLOW : verdict === 'passed' ? GREEN : RED
        host(event.at, paint(colour, describeEnd(event)))
        break
      }
      case 'run-failed':
        host(event.at, paint(RED, `FAILED: ${plainLines(event.message)}`))
        break
      case 'artefact':
        // The last lines are what is read first.
        if (event.what === 'evidence') evidence.push(`evidence of ${event.test}: ${event.path}`)
        else host(event.at, `results: ${event.path}`)
        break
      case 'run-end':
        for (const text of evidence) host(event.at, text)
        if (event.flaky?.length) host(event.at, paint(YELLOW, `${describeFlaky(event.flaky)}`))
        host(event.at, `Total time: ${event.seconds} s${event.left ? `. ${event.left}` : ''}`)
        break
    }
  }
  const failedInRed = (text: string) => (/\bFAILED: /.test(text) ? paint(RED, text) : text)
  return { name: 'summary', on }
}

/** Local time of day, `HH:MM:SS`. */
const clock = (at: number): string => new Date(at).toTimeString().slice(0, 8)
