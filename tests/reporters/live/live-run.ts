import { mock } from 'node:test'
import type { NewEvent } from '../../../scripts/events/events.ts'
import { eventStream } from '../../../scripts/events/stream.ts'
import { openLive } from '../../../scripts/reporters/live/live.ts'
import { log } from '../../../scripts/reporters/log.ts'
import { summary } from '../../../scripts/reporters/summary.ts'
import { virtualTerminal } from './virtual-terminal.ts'

/** Time until the next frame. */
export const SOON = 100

/**
 * A run with its summary on a terminal of 80 columns, with mocked time.
 * @param shared stdout is the same terminal, with the log
 */
export function live(rows = 24, { shared = false, color = false } = {}) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2026, 0, 1) })
  mock.method(performance, 'now', () => Date.now() - performance.timeOrigin)
  const terminal = virtualTerminal(80, rows)
  const ending = new AbortController()
  const { stream } = terminal
  const view = openLive({ stdout: stream, stderr: stream, color, progress: true, signal: ending.signal }, shared)
  const reporters = [summary(view.stderr, { color }), ...(shared ? [log(view.stdout)] : []), ...view.listeners]
  const complaints: string[] = []
  const { emit } = eventStream(reporters, line => complaints.push(line))
  const wait = (milliseconds: number) => mock.timers.tick(milliseconds)
  return {
    terminal,
    ending,
    complaints,
    wait,
    emit: (...events: readonly NewEvent[]) => {
      for (const event of events) emit(event)
    },
    /** The lines after the last line of the summary. */
    frame: () => {
      wait(SOON)
      const shown = terminal.lines()
      return shown.slice(shown.findLastIndex(row => /^(( {2})?\d\d:\d\d:\d\d| {4}\S)/.test(row)) + 1)
    },
    close: () => view.close(),
  }
}

export const names = (count: number) =>
  Array.from({ length: count }, (_, index) => `vm-${String(index + 1).padStart(3, '0')}`)
export const step = { test: 'bridge', step: 'bridge_ping', index: 2 } as const

export const begin = (nodes: readonly string[]): readonly NewEvent[] => [
  { type: 'run-start', tests: ['bridge', 'L2', 'L3'] },
  { type: 'test-start', test: 'bridge', summary: 'PODs on a bridge', settings: [] },
  { type: 'cluster-start', test: 'bridge', nodes: nodes.length, names: nodes, kind: 'embedded' },
]
export const up = (nodes: readonly string[], of: number): readonly NewEvent[] =>
  nodes.map((node, index) => ({ type: 'node-up', node, up: index + 1, of }))
export const passed = (node: string, milliseconds: number): NewEvent => ({
  type: 'step-end',
  ...step,
  node,
  failure: undefined,
  milliseconds,
})
export const failed = (node: string, milliseconds: number): NewEvent => ({
  type: 'step-end',
  ...step,
  node,
  failure: { ...step, node, why: `${node}-ns03 172.16.2.3 does not answer`, lastLines: [] },
  milliseconds,
})
