import type { Component, Invocation, Listener, Verdict } from '../events/events.ts'
import { kernelTable } from '../events/kernels.ts'
import { flakyTests, isFlaky, notRun } from '../events/outcomes.ts'
import type { RunRecord, StepRecord, TestRecord } from '../events/record.ts'
import { recorder } from '../events/recorder.ts'
import { safeJson } from '../host/text.ts'
import type { Setting } from '../settings/sources.ts'
import type { Output } from './output.ts'

/** Version of results.json (docs/schemas/results.schema.json); incremented by incompatible changes. */
export const RESULTS_VERSION = 1

/** Characters per piece of evidence; its file has all. */
const EVIDENCE = 16 * 1024

/** The part of results.json that `rerun` needs. */
export interface Results {
  readonly version: number
  readonly invocation: Invocation
  readonly components: readonly Component[]
  readonly tests: readonly {
    readonly test: string
    readonly settings: readonly Setting[]
    readonly components: readonly Component[]
  }[]
}

/** Writes the run as a JSON document for programs: its inputs, for a rerun, and its outcome. */
export function results(output: Output): Listener {
  const record = recorder({ head: 0, tail: 0 })
  const close = async () => {
    output.write(`${safeJson(JSON.stringify(describeRun(record.run), undefined, 2))}\n`)
  }
  return { name: 'results', on: record.on, close }
}

const describeRun = (run: RunRecord) => ({
  version: RESULTS_VERSION,
  verdict: run.verdict,
  message: run.message,
  began: time(run.begun),
  seconds: run.seconds,
  left: run.left,
  flaky: flakyTests(run),
  invocation: run.invocation,
  components: run.components,
  ...(run.kernels.length > 0 && { kernels: kernelTable(run) }),
  tests: run.tests.map(describeTest),
  skipped: run.skipped,
  notRun: notRun(run),
})

function describeTest(test: TestRecord) {
  const { turn, begun, ended, verdict, steps, evidence, isOver: _, firstFailure: __, diagnosis, ...rest } = test
  return {
    ...rest,
    ...turn,
    verdict: verdict satisfies Verdict,
    flaky: isFlaky(test),
    began: time(begun),
    seconds: (ended - begun) / 1000,
    steps: steps.map(describeStep),
    ...(diagnosis && { causes: diagnosis.causes, groups: diagnosis.groups }),
    evidence: evidence.map(each => ({ ...each, text: each.text.slice(0, EVIDENCE) })),
  }
}

const describeStep = ({ step, index, within, begun, nodes }: StepRecord) => ({
  step,
  index,
  within,
  began: time(begun),
  nodes: [...nodes.values()].map(({ node, verdict, milliseconds, failure, note }) => ({
    node,
    verdict,
    seconds: Math.round(milliseconds) / 1000,
    why: failure?.why ?? note,
    location: failure?.location,
    lastLines: failure?.lastLines,
  })),
})

const time = (at: number): string => new Date(at).toISOString()
