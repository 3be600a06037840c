import type { ReportData, ReportVerdict } from '../data.ts'
import { element } from './dom.ts'
import { titleOf } from './words.ts'

const VERDICTS: readonly ReportVerdict[] = ['failed', 'broken', 'interrupted', 'flaky', 'skipped', 'passed']

/**
 * Controls that filter a list of tests and their sections by name and verdict.
 * @param items of the list, one per test
 * @param sections of the tests, in the same order
 */
export function testFilter(
  { tests }: ReportData,
  items: readonly HTMLElement[],
  sections: readonly HTMLElement[],
): HTMLElement {
  const name = element('input', { type: 'search', placeholder: 'name', 'aria-keyshortcuts': '/', autocomplete: 'off' })
  const present = VERDICTS.filter(verdict => tests.some(test => test.verdict === verdict))
  const verdict = element(
    'select',
    {},
    element('option', { value: '' }, 'all verdicts'),
    ...present.map(each => element('option', { value: each }, each)),
  )
  const total = element('output', { class: 'about' })
  const show = () => {
    const isShown = tests.map(
      test =>
        titleOf(test).toLowerCase().includes(name.value.trim().toLowerCase()) &&
        (verdict.value === '' || verdict.value === test.verdict),
    )
    for (const [number, shown] of isShown.entries())
      for (const one of [items[number], sections[number]]) one?.toggleAttribute('hidden', !shown)
    const count = isShown.filter(Boolean).length
    total.value = count === tests.length ? '' : `${count} of ${tests.length} tests`
  }
  name.addEventListener('input', show)
  verdict.addEventListener('change', show)
  const controls = element(
    'form',
    { class: 'controls', role: 'search', 'aria-label': 'Filter the tests' },
    element('label', {}, element('span', { class: 'hidden' }, 'Name'), name),
    element('label', {}, element('span', { class: 'hidden' }, 'Verdict'), verdict),
    total,
  )
  controls.addEventListener('submit', event => event.preventDefault())
  onKey('/', () => {
    name.focus()
    name.select()
  })
  return controls
}

/** A button that goes to the next failure; undefined without failures. */
export function nextFailure(failures: readonly HTMLElement[]): HTMLElement | undefined {
  if (failures.length === 0) return undefined
  let at = -1
  const next = () => {
    at = (at + 1) % failures.length
    const failure = failures[at]
    failure?.scrollIntoView({ block: 'start' })
    failure?.focus({ preventScroll: true })
  }
  const button = element('button', { type: 'button', class: 'next', 'aria-keyshortcuts': 'n' }, 'Next failure')
  button.addEventListener('click', next)
  onKey('n', next)
  return button
}

/** Handles a key unless it is typed into a field or handled by the focused part. */
function onKey(key: string, action: () => void): void {
  document.addEventListener('keydown', event => {
    const isTyping = event.target instanceof Element && event.target.closest('input, select, textarea')
    if (event.key !== key || event.defaultPrevented || isTyping || event.ctrlKey || event.metaKey || event.altKey)
      return
    event.preventDefault()
    action()
  })
}
