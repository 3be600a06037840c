import type { Listener, RunEvent } from '../events/events.ts'
import { safeJson } from '../host/text.ts'
import { toJson } from '../proof/summary.ts'
import type { Output } from './output.ts'

/** Of the events as they are written; docs/reports.md describes them. It changes when a reader of the one before would err. */
export const EVENTS_VERSION = 1

/** Every event as a line of JSON, as it happens. */
export const json = (output: Output): Listener => ({
  name: 'json',
  on: event => output.write(`${safeJson(toLine(event))}\n`),
})

function toLine(event: RunEvent): string {
  if (event.type === 'run-start') return JSON.stringify({ version: EVENTS_VERSION, ...event })
  if (event.type !== 'matrix') return JSON.stringify(event)
  const { matrix, ...rest } = event
  // In the form of matrix.json: that of the objects is ten times as long.
  return `${JSON.stringify(rest).slice(0, -1)},"matrix":${toJson(event.test, matrix).trimEnd()}}`
}
