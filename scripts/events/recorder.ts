import type { RunEvent, StepId } from './events.ts'
import { type ExcerptSize, excerpt } from './excerpt.ts'
import { noteOf, ONCE, stepVerdict } from './outcomes.ts'
import type { NodeRecord, RunRecord, TestRecord } from './record.ts'

/** Folds events into the record that reports are built from. */
export interface Recorder {
  readonly run: RunRecord
  on(event: RunEvent): void
}

/** @param size limit for the output of each node in each step */
export function recorder(size: ExcerptSize): Recorder {
  let run = emptyRun()
  const current = () => run.tests.at(-1)
  const nodeOf = ({ index, node }: StepId & { node: string }) =>
    current()
      ?.steps.find(step => step.index === index)
      ?.nodes.get(node)
  const on = (event: RunEvent) => {
    switch (event.type) {
      case 'run-start':
        run = {
          ...run,
          begun: event.at,
          planned: event.tests,
          kernels: event.kernels ?? [],
          invocation: event.invocation,
          reports: event.reports ?? [],
        }
        break
      case 'provenance':
        ;(event.test === undefined ? run : current())?.components.push(event.component)
        break
      case 'test-start':
        run.tests.push(beginTest(event))
        break
      case 'test-skipped':
        // It may have started: missing kernel features are found late.
        if (current()?.test === event.test && !current()?.isOver) run.tests.pop()
        run.skipped.push({ test: event.test, why: event.why })
        break
      case 'cluster-start':
        update(current(), { cluster: event.kind })
        break
      case 'step-start':
        current()?.steps.push({
          step: event.step,
          index: event.index,
          ...(event.within !== undefined && { within: event.within }),
          begun: event.at,
          nodes: new Map(event.nodes.map(node => [node, underWay(node, size)])),
        })
        break
      case 'output':
        nodeOf(event)?.output.add(event.line)
        break
      case 'step-end': {
        const { failure, milliseconds } = event
        const note = noteOf(event)
        const test = current()
        if (test) test.firstFailure ??= failure
        update(nodeOf(event), {
          verdict: stepVerdict(event),
          milliseconds,
          ...(failure && { failure }),
          ...(note && { note }),
        })
        break
      }
      case 'matrix':
      case 'probes':
        update(current(), { matrix: event.text })
        break
      case 'diagnosis':
        update(current(), { diagnosis: { causes: event.causes, groups: event.groups } })
        break
      case 'evidence': {
        const { node, subject, what, text } = event
        current()?.evidence.push({ node, subject, what, text })
        break
      }
      case 'artefact':
        current()?.artefacts.push({ what: event.what ?? 'results', path: event.path })
        break
      case 'test-end':
        update(current(), {
          verdict: event.verdict,
          why: event.why,
          ended: event.at,
          isOver: true,
          retried: event.retried === true,
        })
        break
      case 'run-failed':
        run.message = event.message
        run.notRunWhy = event.message.split('\n')[0]
        break
      case 'run-end':
        update(run, { verdict: event.verdict, seconds: event.seconds, left: event.left })
        run.notRunWhy ??= event.notRun
        break
    }
  }
  return {
    get run() {
      return run
    },
    on,
  }
}

const emptyRun = (): RunRecord => ({
  begun: 0,
  invocation: undefined,
  planned: [],
  kernels: [],
  components: [],
  tests: [],
  skipped: [],
  message: undefined,
  verdict: 'interrupted',
  seconds: 0,
  left: undefined,
  notRunWhy: undefined,
  reports: [],
})

/** The record of a test that has just started. */
export const beginTest = (event: Extract<RunEvent, { type: 'test-start' }>): TestRecord => ({
  test: event.test,
  turn: event.turn ?? ONCE,
  summary: event.summary,
  file: event.file,
  settings: event.settings,
  components: [],
  begun: event.at,
  ended: event.at,
  isOver: false,
  verdict: 'interrupted',
  why: undefined,
  retried: false,
  cluster: undefined,
  steps: [],
  firstFailure: undefined,
  matrix: undefined,
  diagnosis: undefined,
  evidence: [],
  artefacts: [],
})

const underWay = (node: string, size: ExcerptSize): NodeRecord => ({
  node,
  verdict: 'interrupted',
  milliseconds: 0,
  output: excerpt(size),
})

/** Ignores events of tests and steps that have not started. */
function update<T extends object>(record: T | undefined, values: Partial<T>): void {
  if (record) Object.assign(record, values)
}
