import type { FailedStep, Listener, RunEvent } from './events.ts'
import { plainText } from './text.ts'

/** Where a listener writes; tests pass one that remembers. */
export interface Output {
  write(text: string): unknown
}

/** How the person's terminal is to be used, decided for its stream. */
export interface TerminalUse {
  readonly colour: boolean
  /** Draw a line of progress that is replaced; only on a terminal. */
  readonly progress: boolean
}

const RED = '31'
const GREEN = '32'
const DIM = '2'
const CLEAR_LINE = '\r\x1b[K'

/**
 * The summary of a run for the person, in xcluster's form: `HH:MM:SS (<seconds since start>): TEST CASE: <what>`,
 * lines from VMs indented by two, the total time in the last line.
 */
export function summary(output: Output, { colour, progress }: TerminalUse): Listener {
  let begun = 0
  let transient = false
  const evidence: string[] = []
  const paint = (code: string, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  const line = (text: string) => {
    output.write(`${transient ? CLEAR_LINE : ''}${text}\n`)
    transient = false
  }
  const host = (at: number, text: string) => line(`${clock(at)} (${Math.floor((at - begun) / 1000)}): ${text}`)
  const showProgress = (text: string) => {
    if (!progress) return
    output.write(`${CLEAR_LINE}${paint(DIM, text)}`)
    transient = true
  }

  const on = (event: RunEvent) => {
    switch (event.type) {
      case 'run-start':
        begun = event.at
        break
      case 'notice':
        host(event.at, event.text)
        break
      case 'test-start':
        host(event.at, `TEST CASE: ${event.test}: ${event.summary}`)
        break
      case 'test-skipped':
        host(event.at, `skipped: ${event.test}: ${event.why}`)
        break
      case 'cluster-start':
        host(event.at, `cluster: ${event.kind}`)
        showProgress(`0 of ${event.nodes} VMs up`)
        break
      case 'node-up':
        showProgress(`${event.up} of ${event.of} VMs up`)
        break
      case 'step-start':
        showProgress(`${event.step} on ${event.nodes.length} VM${event.nodes.length === 1 ? '' : 's'}`)
        break
      case 'output':
        if (event.stream === 'stderr') line(`  ${failedInRed(plainText(event.line))}`)
        break
      case 'step-end':
        if (event.failure) {
          host(
            event.at,
            paint(RED, `FAILED: ${event.test}: ${event.step} on ${event.node}: ${plainText(event.failure.why)}`),
          )
          for (const last of newLines(event.failure)) line(`    ${plainText(last)}`)
        }
        break
      case 'matrix':
        host(event.at, `matrix: ${event.text}`)
        break
      case 'test-end':
        host(
          event.at,
          event.verdict === 'passed'
            ? paint(GREEN, `passed: ${event.test}`)
            : paint(RED, `${event.verdict}: ${event.test}`),
        )
        break
      case 'run-failed':
        host(event.at, paint(RED, `FAILED: ${event.message}`))
        break
      case 'artefact':
        // The last lines are what is read first.
        if (event.what === 'evidence') evidence.push(`evidence of ${event.test}: ${event.path}`)
        else host(event.at, `results: ${event.path}`)
        break
      case 'run-end':
        for (const text of evidence) host(event.at, text)
        host(event.at, `Total time: ${event.seconds} s${event.left ? `. ${event.left}` : ''}`)
        break
    }
  }
  const failedInRed = (text: string) => (/\bFAILED: /.test(text) ? paint(RED, text) : text)
  return { name: 'summary', on }
}

/** A step that told its reason itself has been shown with it; the others' last words help. */
const newLines = ({ why, lastLines }: FailedStep): readonly string[] =>
  lastLines.some(last => last.includes(why)) ? [] : lastLines

/** Local time of day, `HH:MM:SS`. */
const clock = (at: number): string => new Date(at).toTimeString().slice(0, 8)
