import type { ReportData } from '../data.ts'
import { element, unfold } from './dom.ts'
import { failuresSection } from './failures.ts'
import { nextFailure, testFilter } from './filter.ts'
import { componentsSection, hostSection, kernelsSection, runHeader, testList } from './overview.ts'
import { followLinks } from './reveal.ts'
import { testSection } from './test.ts'

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as ReportData
const tests = data.tests.map((test, number) => testSection(test, number))
const failures = failuresSection(data)
const list = testList(data)
const next = nextFailure(failures.flatMap(section => [...section.querySelectorAll<HTMLElement>('.failure')]))
if (data.tests.length > 1) list.querySelector('ol')?.before(testFilter(data, [...list.querySelectorAll('li')], tests))
if (next) list.querySelector('ol')?.before(next)

document
  .getElementById('report')
  ?.append(
    element('a', { class: 'skip', href: '#main' }, 'Skip to the results'),
    runHeader(data),
    element(
      'div',
      { class: 'columns' },
      list,
      element(
        'main',
        { id: 'main', tabindex: -1 },
        ...kernelsSection(data),
        ...failures,
        ...tests,
        ...componentsSection(data),
        ...hostSection(data),
      ),
    ),
  )

followLinks()

// Unfolds tests that did not pass, or the only test.
for (const [number, test] of data.tests.entries()) {
  const details = tests[number]?.querySelector('details')
  const isGood = test.verdict === 'passed' || test.verdict === 'flaky' || test.verdict === 'skipped' || test.retried
  const isWanted = data.tests.length === 1 || !isGood
  if (details && isWanted) void unfold(details)
}
