import fs from 'node:fs'
import process from 'node:process'
import { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { eventStream } from '../scripts/events/stream.ts'
import { openReporters } from '../scripts/reporters/reporters.ts'
import { readReporting } from '../scripts/reporters/reporting.ts'
import type { TerminalWritable } from '../scripts/reporters/streams.ts'
import { openTerminal } from '../scripts/reporters/terminal.ts'
import { manyNodes, NODES } from './many-nodes.ts'

/** Shorter than a real test on a hundred nodes: the worse case for the same number of events. */
const SECONDS = 20
const SLICE_MS = 20
const NOBODY = { matrix: { reach: 'all', sources: [], destinations: [], rows: [] }, network: [] } as const

/** A terminal that counts what is written to it. */
function terminal(): { stream: TerminalWritable; written: { bytes: number; writes: number } } {
  const sink = fs.openSync('/dev/null', 'w')
  const written = { bytes: 0, writes: 0 }
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _, done) => {
      const text = chunk.toString()
      fs.writeSync(sink, text)
      written.bytes += text.length
      written.writes++
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY: true, columns: 80, rows: 24 }), written }
}

/** Measures CPU time and terminal output of the reporters summary and log for evenly spaced events. */
async function measure(progress: boolean) {
  const { stream, written } = terminal()
  const reporting = readReporting(['summary', 'log=/dev/null'], {}, undefined, stream)
  const { signal } = new AbortController()
  const view = await openTerminal({ stdout: process.stdout, stderr: stream, color: true, progress, signal })
  const streams = { stdout: view.stdout, stderr: view.stderr }
  const listeners = [...(await openReporters(reporting, streams)), ...view.listeners]
  const { emit, close } = eventStream(listeners, line => process.stderr.write(`${line}\n`))
  const events = [...manyNodes(NOBODY.matrix, NOBODY.network)]
  const slice = Math.ceil((events.length * SLICE_MS) / (SECONDS * 1000))
  const [before, started] = [process.cpuUsage(), performance.now()]
  for (let index = 0; index < events.length; index++) {
    emit(events[index] as (typeof events)[number])
    if (index % slice === 0) await delay(Math.max(0, started + (index / slice) * SLICE_MS - performance.now()))
  }
  await close()
  view.close()
  const { user, system } = process.cpuUsage(before)
  return { cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - started) / 1000, ...written }
}

// Warm-up: includes compilation.
await measure(true)
const [plain, live] = [await measure(false), await measure(true)]
process.stdout.write(`${JSON.stringify({ nodes: NODES, plain, live }, undefined, 2)}\n`)
