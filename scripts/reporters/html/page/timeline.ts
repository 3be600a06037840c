import type { StepData, StepNodeData, TestData } from '../data.ts'
import { describeOnHover } from './card.ts'
import { element } from './dom.ts'
import { logLink } from './reveal.ts'
import { rove } from './roving.ts'
import { plainTable } from './table.ts'
import { ticks } from './ticks.ts'
import { count, duration, sectionId, since } from './words.ts'

/** Okabe and Ito's color-blind-safe palette without the color of failures; bars have numbers, too. */
const HUES = 6
/** With more nodes, rows are lower, and nodes with failures come first. */
const MANY_NODES = 24

/** A row for each node with a bar for each step, and a table of the steps. */
export function timelinePart(test: TestData, number: number): readonly HTMLElement[] {
  const end = Math.max(test.ended, test.begun + 1)
  const place = (bar: HTMLElement, from: number, to: number) => {
    bar.style.left = `${((from - test.begun) / (end - test.begun)) * 100}%`
    bar.style.width = `${((to - from) / (end - test.begun)) * 100}%`
  }
  const lines = new Map<Element, readonly string[]>()
  const isDense = test.nodes.length > MANY_NODES
  const rows = nodesInOrder(test, isDense).map(node => {
    const name = test.nodes[node] ?? ''
    const bars: HTMLElement[] = []
    const up = test.up.find(([other]) => other === node)?.[1]
    const started = up === undefined ? [] : [startBar(test, up)]
    for (const bar of started) place(bar, test.clusterBegun ?? test.begun, up ?? end)
    for (const step of test.steps) {
      const on = step.nodes.find(other => other.node === node)
      if (!on) continue
      const bar = stepBar(test, number, step, on, name)
      const stop = on.milliseconds === undefined ? end : step.begun + on.milliseconds
      place(bar, step.begun, Math.min(stop, end))
      lines.set(bar, describe(test, step, on, name))
      bars.push(bar)
    }
    const track = element('td', {}, element('div', { class: 'track' }, ...started, ...bars))
    return { bars, row: element('tr', {}, element('th', { scope: 'row' }, name), track) }
  })
  const axis = element('div', { class: 'track axis' })
  for (const seconds of ticks((end - test.begun) / 1000)) {
    const mark = element('span', {}, `${seconds} s`)
    mark.style.left = `${((seconds * 1000) / (end - test.begun)) * 100}%`
    axis.append(mark)
  }
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'Node'),
    element('th', { scope: 'col', 'aria-label': 'Steps over time' }, axis),
  )
  const table = element(
    'table',
    { class: `timeline${isDense ? ' dense' : ''}` },
    element('caption', { class: 'hidden' }, 'Steps on a time line; arrow keys go from bar to bar, Enter opens the log'),
    element('thead', {}, head),
    element('tbody', {}, ...rows.map(({ row }) => row)),
  )
  rove(
    table,
    rows.map(({ bars }) => bars),
  )
  describeOnHover(table, '.bar', bar => lines.get(bar))
  return [element('div', { class: 'scroll' }, table), stepTable(test, number)]
}

function nodesInOrder({ nodes, steps }: TestData, failedFirst: boolean): readonly number[] {
  const all = [...nodes.keys()]
  if (!failedFirst) return all
  const failed = new Set(steps.flatMap(step => step.nodes.filter(({ failure }) => failure).map(({ node }) => node)))
  return [...all.filter(node => failed.has(node)), ...all.filter(node => !failed.has(node))]
}

function startBar(test: TestData, up: number): HTMLElement {
  const text = `starts for ${duration(up - (test.clusterBegun ?? test.begun))}`
  return element('span', { class: 'start', title: text }, element('span', {}, 'start'))
}

function stepBar(test: TestData, number: number, step: StepData, on: StepNodeData, node: string): HTMLElement {
  const state = on.failure ? 'failed' : on.milliseconds === undefined ? 'unended' : `hue-${(step.index - 1) % HUES}`
  const attributes = { class: `bar ${state}`, 'aria-label': describe(test, step, on, node).join(', ') }
  const text = element('span', {}, `${on.failure ? '✕ ' : ''}${step.index} ${step.name}`)
  return element('a', { ...attributes, href: logLink(sectionId(number, 'log'), step.index, node) }, text)
}

function describe(
  test: TestData,
  step: StepData,
  { failure, milliseconds, note = 'passed' }: StepNodeData,
  node: string,
): readonly string[] {
  const begun = since(step.begun - test.begun)
  const time = milliseconds === undefined ? 'not finished' : `took ${duration(milliseconds)}`
  const verdict = failure ? `failed: ${failure.why}` : milliseconds === undefined ? 'no verdict' : note
  return [`${step.index} ${step.name} on ${node}`, verdict, `${time}, begun at ${begun}`]
}

/** Durations and slowest nodes of steps; also the legend of the bars. */
function stepTable(test: TestData, number: number): HTMLElement {
  const rows = test.steps.map(step => {
    const ended = step.nodes.filter(({ milliseconds }) => milliseconds !== undefined)
    const slowest = ended.reduce<StepNodeData | undefined>(
      (most, node) => ((node.milliseconds ?? 0) > (most?.milliseconds ?? -1) ? node : most),
      undefined,
    )
    const failed = step.nodes.filter(({ failure }) => failure).length
    const unended = step.nodes.length - ended.length
    const verdict = [failed > 0 ? `failed on ${failed}` : '', unended > 0 ? `not finished on ${unended}` : ''].filter(
      Boolean,
    )
    const notes = new Set(step.nodes.flatMap(({ note }) => note ?? []))
    return element(
      'tr',
      {},
      element('td', {}, element('span', { class: `swatch hue-${(step.index - 1) % HUES}` }, String(step.index))),
      element('th', { scope: 'row' }, element('a', { href: logLink(sectionId(number, 'log'), step.index) }, step.name)),
      element('td', {}, count(step.nodes.length, 'node')),
      element('td', { class: 'number' }, slowest ? duration(slowest.milliseconds ?? 0) : '–'),
      element('td', {}, slowest && step.nodes.length > 1 ? (test.nodes[slowest.node] ?? '') : ''),
      element('td', { class: verdict.length > 0 ? 'bad' : '' }, [...verdict, ...notes].join(', ') || 'passed'),
    )
  })
  return plainTable({ caption: 'Steps', kind: 'steps' }, ['#', 'Step', 'On', 'Time', 'Slowest node', 'Result'], rows)
}
