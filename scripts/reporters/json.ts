import type { Listener, RunEvent } from '../events/events.ts'
import { safeJson } from '../host/text.ts'
import { proofToJson } from '../proof/rules/report.ts'
import { toJson } from '../proof/summary.ts'
import type { Output } from './output.ts'

/** Version of the event format (docs/reports.md); incremented by incompatible changes. */
const EVENTS_VERSION = 1

/** Writes every event at once as a line of JSON. */
export const json = (output: Output): Listener => ({
  name: 'json',
  on: event => output.write(`${safeJson(toLine(event))}\n`),
})

function toLine(event: RunEvent): string {
  if (event.type === 'run-start') return JSON.stringify({ version: EVENTS_VERSION, ...event })
  if (event.type === 'probes') {
    const { proof, ...rest } = event
    return `${JSON.stringify(rest).slice(0, -1)},"proof":${proofToJson(event.test, proof).trimEnd()}}`
  }
  if (event.type !== 'matrix') return JSON.stringify(event)
  const { matrix, ...rest } = event
  // The format of matrix.json: a tenth of the objects' size.
  return `${JSON.stringify(rest).slice(0, -1)},"matrix":${toJson(event.test, matrix).trimEnd()}}`
}
