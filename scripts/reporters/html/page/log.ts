import type { LogGroup, LogLine, Packed, TestData } from '../data.ts'
import { element, folded, unfold } from './dom.ts'
import type { LogTarget } from './reveal.ts'
import { type Found, pieces, search } from './search.ts'
import { unpackJson } from './unpack.ts'
import { count, since } from './words.ts'

/** How many lines of found groups are unfolded. */
const OPEN_AT_ONCE = 600
/** How many lines of a group are shown at once. */
const LINES_AT_ONCE = 1000
/** Delay of the search while the user types, in milliseconds. */
const PATIENCE = 120

/** The log of a test, folded by step and node, with a search, and choices of node and step. */
export async function logPart(test: TestData, packed: Packed, owner: HTMLElement): Promise<readonly HTMLElement[]> {
  const groups = await unpackJson<readonly LogGroup[]>(packed)
  const text = element('input', {
    type: 'search',
    placeholder: 'text in a line',
    autocomplete: 'off',
    spellcheck: 'false',
  })
  const node = choice(
    'all nodes',
    test.nodes.map((name, position) => [String(position), name] as const),
  )
  const step = choice(
    'all steps',
    test.steps.map(({ index, name }) => [String(index), `${index} ${name}`] as const),
  )
  const onlyErrors = element('input', { type: 'checkbox' })
  const total = element('output', { class: 'about' })
  const results = element('div', { class: 'groups' })
  const show = () => {
    const query = {
      text: text.value,
      step: step.value === '' ? undefined : Number(step.value),
      node: node.value === '' ? undefined : Number(node.value),
      onlyErrors: onlyErrors.checked,
    }
    const found = search(groups, query)
    const lines = found.reduce((sum, group) => sum + group.lines.length, 0)
    total.value = `${count(lines, 'line')} in ${count(found.length, 'step on a node', 'steps on nodes')}`
    const isNarrow = query.text !== '' || query.node !== undefined || query.onlyErrors || found.length === 1
    results.replaceChildren(...layOut(test, found, query.text, isNarrow))
  }
  let timer = 0
  text.addEventListener('input', () => {
    clearTimeout(timer)
    timer = window.setTimeout(show, PATIENCE)
  })
  for (const control of [node, step, onlyErrors]) control.addEventListener('change', show)
  owner.addEventListener('wanted', event => {
    const wanted = (event as CustomEvent<LogTarget>).detail
    const position = wanted.node === undefined ? -1 : test.nodes.indexOf(wanted.node)
    node.value = position < 0 ? '' : String(position)
    step.value = wanted.step === undefined ? '' : String(wanted.step)
    text.value = ''
    onlyErrors.checked = false
    show()
  })
  show()
  const controls = element(
    'form',
    { class: 'controls', role: 'search' },
    element('label', {}, 'Search', text),
    element('label', {}, 'Node', node),
    element('label', {}, 'Step', step),
    element('label', { class: 'check' }, onlyErrors, 'stderr only'),
    total,
  )
  controls.addEventListener('submit', event => event.preventDefault())
  return [controls, results]
}

const choice = (all: string, options: readonly (readonly [value: string, text: string])[]) =>
  element(
    'select',
    {},
    element('option', { value: '' }, all),
    ...options.map(([value, text]) => element('option', { value }, text)),
  )

function layOut(test: TestData, found: readonly Found[], text: string, isNarrow: boolean): readonly HTMLElement[] {
  if (found.length === 0) return [element('p', { class: 'none' }, 'No matching lines.')]
  let room = OPEN_AT_ONCE
  return test.steps.flatMap(({ index, name, nodes }) => {
    const own = found.filter(({ group }) => group.step === index)
    if (own.length === 0) return []
    const made = own.map(one => {
      const failed = nodes.some(({ node, failure }) => node === one.group.node && failure)
      const details = groupOf(test.nodes[one.group.node] ?? '', failed, one, text)
      if (isNarrow && room > 0) void unfold(details)
      room -= one.lines.length
      return details
    })
    return [element('h4', {}, `${index} ${name}`), ...made]
  })
}

function groupOf(node: string, failed: boolean, { group, lines }: Found, text: string): HTMLDetailsElement {
  const about =
    lines.length === group.lines.length
      ? count(lines.length, 'line')
      : `${lines.length} of ${count(group.lines.length, 'line')}`
  const left = group.omitted > 0 ? `, ${group.omitted} omitted` : ''
  const summary = [
    element('span', { class: 'node' }, node),
    failed && element('span', { class: 'bad' }, '✕ failed'),
    element('span', { class: 'about' }, about + left),
  ]
  return folded({ class: 'group' }, summary, () => {
    const place = element('div', { class: 'lines', role: 'group', 'aria-label': `Log of ${node}`, tabindex: 0 })
    const show = (from: number) => {
      for (const index of lines.slice(from, from + LINES_AT_ONCE)) {
        if (group.omitted > 0 && index === group.omittedAfter) place.append(gap(group.omitted))
        place.append(lineOf(group.lines[index] as LogLine, text))
      }
      const rest = lines.length - from - LINES_AT_ONCE
      if (rest <= 0) return
      const more = element('button', { type: 'button' }, `Show ${Math.min(rest, LINES_AT_ONCE)} more`)
      more.addEventListener('click', () => {
        more.remove()
        show(from + LINES_AT_ONCE)
      })
      place.append(more)
    }
    show(0)
    return [place]
  })
}

const gap = (omitted: number) =>
  element('div', { class: 'gap' }, `… ${count(omitted, 'line')} omitted; the log of the run has all …`)

function lineOf([at, mark, line]: LogLine, text: string): HTMLElement {
  const parts = pieces(line, text).map((piece, index) => (index % 2 === 1 ? element('mark', {}, piece) : piece))
  return element(
    'div',
    { class: `line${mark === '!' ? ' stderr' : ''}${/\bFAILED: /.test(line) ? ' failed' : ''}` },
    element('span', { class: 'at' }, since(at)),
    element('span', { class: 'mark', title: mark === '!' ? 'stderr' : 'stdout' }, mark),
    element('code', {}, ...parts),
  )
}
