import type { ReportData } from '../data.ts'
import { element, unfold } from './dom.ts'
import { failuresSection } from './failures.ts'
import { madeWithSection, runHeader, saidSection, testList } from './overview.ts'
import { followLinks } from './reveal.ts'
import { testSection } from './test.ts'

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as ReportData
const tests = data.tests.map((test, number) => testSection(test, number))

document
  .getElementById('report')
  ?.append(
    element('a', { class: 'skip', href: '#main' }, 'Skip to the results'),
    runHeader(data),
    element(
      'div',
      { class: 'columns' },
      testList(data),
      element(
        'main',
        { id: 'main', tabindex: -1 },
        ...failuresSection(data),
        ...tests,
        ...madeWithSection(data),
        ...saidSection(data),
      ),
    ),
  )

followLinks()

// What somebody who opens the page looks for is open: what did not pass in the end, or the only test that there is.
for (const [number, test] of data.tests.entries()) {
  const details = tests[number]?.querySelector('details')
  const isGood = test.verdict === 'passed' || test.verdict === 'flaky' || test.verdict === 'skipped' || test.retried
  const isWanted = data.tests.length === 1 || !isGood
  if (details && isWanted) void unfold(details)
}
