import type { ReportData, ReportVerdict } from '../data.ts'
import { commandLine } from './copy.ts'
import { element, folded } from './dom.ts'
import { icon } from './icons.ts'
import { plainTable } from './table.ts'
import { count, dateTime, duration, MEANINGS, sectionId, since, titleOf } from './words.ts'

/** From bad to good. */
const ORDER: readonly ReportVerdict[] = ['failed', 'broken', 'interrupted', 'flaky', 'skipped', 'passed']

/** The verdict of the run, counts and commands. */
export function runHeader(data: ReportData): HTMLElement {
  const { verdict, begun, ended, message, left, commands, omissions, tests } = data
  const final = tests.filter(({ retried }) => !retried)
  const counts = ORDER.map(kind => [kind, final.filter(({ verdict }) => verdict === kind).length] as const)
  return element(
    'header',
    { class: `run ${verdict}` },
    element(
      'div',
      { class: 'verdict' },
      icon(verdict),
      element('h1', {}, `${verdict[0]?.toUpperCase()}${verdict.slice(1)}`, element('small', {}, headline(data))),
    ),
    element(
      'ul',
      { class: 'counts', 'aria-label': 'Tests by verdict' },
      ...counts
        .filter(([, number]) => number > 0)
        .map(([kind, number]) =>
          element('li', { class: kind, title: MEANINGS[kind] }, icon(kind), `${number} ${kind}`),
        ),
    ),
    element(
      'p',
      { class: 'facts' },
      element('time', { datetime: new Date(begun).toISOString() }, dateTime(begun)),
      ` · ${duration(ended - begun)} · ${count(new Set(tests.map(({ name }) => name)).size, 'test')}`,
    ),
    message !== undefined && element('p', { class: 'message' }, message),
    left !== undefined && element('p', { class: 'left' }, left),
    commands.length > 0 &&
      element('ul', { class: 'commands' }, ...commands.map(({ what, text }) => commandLine(what, text))),
    omissions.length > 0 &&
      element('p', { class: 'left-out' }, `To limit its size, this report omits ${omissions.join('; ')}.`),
  )
}

/** The verdict in words, with flaky tests. */
function headline({ verdict, tests }: ReportData): string {
  const names = (kind: ReportVerdict) => [
    ...new Set(tests.filter(test => test.verdict === kind && !test.retried).map(({ name }) => name)),
  ]
  const [failed, broken, flaky] = [names('failed'), names('broken'), names('flaky')]
  if (verdict === 'interrupted') return 'ended early; all results until then are included'
  const bad = [...failed, ...broken.filter(name => !failed.includes(name))]
  const listed = bad.length > 4 ? `${bad.slice(0, 4).join(', ')} and ${bad.length - 4} more` : bad.join(', ')
  const also = flaky.length > 0 ? `flaky: ${flaky.join(', ')}` : ''
  return [listed, also].filter(Boolean).join('; ')
}

/** Links to all tests. */
export const testList = ({ tests }: ReportData): HTMLElement =>
  element(
    'nav',
    { 'aria-label': 'Tests' },
    element('h2', {}, 'Tests'),
    element(
      'ol',
      {},
      ...tests.map((test, number) =>
        element(
          'li',
          {},
          element(
            'a',
            { href: `#${sectionId(number)}` },
            icon(test.verdict),
            element('span', { class: 'name' }, titleOf(test)),
            element('span', { class: 'hidden' }, `: ${test.verdict}, `),
            element('span', { class: 'time' }, test.verdict === 'skipped' ? '' : duration(test.ended - test.begun)),
          ),
        ),
      ),
    ),
  )

/** The verdicts of a run on several kernels. */
export function kernelsSection({ kernels }: ReportData): readonly HTMLElement[] {
  if (!kernels) return []
  const rows = kernels.rows.map(({ test, verdicts }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, test),
      ...verdicts.map(verdict =>
        element('td', { class: verdict === 'not run' ? '' : verdict }, verdict !== 'not run' && icon(verdict), verdict),
      ),
    ),
  )
  const heading = element('h2', {}, 'Kernels')
  const table = plainTable({ caption: 'Verdicts by kernel' }, ['Test', ...kernels.columns], rows)
  return [element('section', { class: 'test', id: 'kernels' }, heading, table)]
}

/** Versions and origins, to compare hosts. */
export function componentsSection({ components }: ReportData): readonly HTMLElement[] {
  if (components.length === 0) return []
  const rows = () =>
    components.map(({ name, version, digest, place }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, name),
        element('td', {}, version ?? ''),
        element('td', {}, element('code', { title: digest }, digest?.slice(0, 12) ?? '')),
        element('td', {}, place ?? ''),
      ),
    )
  const summary = [
    element('h2', {}, 'Made with'),
    element('span', { class: 'about' }, count(components.length, 'component')),
  ]
  const table = () => [plainTable({ caption: 'Components' }, ['Component', 'Version', 'SHA-256', 'From'], rows())]
  return [element('section', { class: 'test' }, folded({ class: 'top' }, summary, table))]
}

/** Messages of the host. */
export function hostSection({ hostLines, begun }: ReportData): readonly HTMLElement[] {
  if (hostLines.length === 0) return []
  const lines = () => [
    element(
      'div',
      { class: 'lines', role: 'group', 'aria-label': 'Messages of the host', tabindex: 0 },
      ...hostLines.map(({ at, text }) =>
        element(
          'div',
          { class: 'line' },
          element('span', { class: 'at' }, since(at - begun)),
          element('code', {}, text),
        ),
      ),
    ),
  ]
  const summary = [element('h2', {}, 'Host'), element('span', { class: 'about' }, count(hostLines.length, 'line'))]
  return [element('section', { class: 'test' }, folded({ class: 'top' }, summary, lines))]
}
