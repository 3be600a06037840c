import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ExecutionContext } from 'ava'
import type { RunEvent } from '../../../scripts/events/events.ts'
import type { ReportData } from '../../../scripts/reporters/html/data.ts'
import { html } from '../../../scripts/reporters/html/html.ts'

/** A directory that is removed after the test. */
export function directory(t: ExecutionContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-html-'))
  t.teardown(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

/** Writes the report of a run. */
export async function report(file: string, events: Iterable<RunEvent>): Promise<string> {
  const parts: string[] = []
  const listener = html({ write: part => parts.push(part) }, path.dirname(file))
  for (const event of events) listener.on(event)
  await listener.close?.()
  fs.writeFileSync(file, parts.join(''))
  return parts.join('')
}

/** The data of a report's page. */
export function dataOf(text: string): ReportData {
  const [, data = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(text) ?? []
  return JSON.parse(data) as ReportData
}
