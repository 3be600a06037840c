import type { Packed, ReportData, StepData, StepNodeData, TestData } from '../data.ts'
import { element, folded } from './dom.ts'
import { badge } from './icons.ts'
import { networkOfNodes } from './network.ts'
import { logLink } from './reveal.ts'
import { count, sectionId, titleOf } from './words.ts'

/** How many nodes of a failed step are not folded. */
const AT_ONCE = 4

type Failed = StepNodeData & { readonly failure: NonNullable<StepNodeData['failure']> }

/** Failures by step, at the top of the page; those of retried tests come last. */
export function failuresSection({ tests }: ReportData): readonly HTMLElement[] {
  const cards = tests.flatMap((test, number) => {
    const steps = test.steps.map(step => [step, failedNodes(step)] as const).filter(([, failed]) => failed.length > 0)
    if (steps.length === 0 && !isBad(test)) return []
    const made = steps.map(([step, failed]) => failureCard(test, number, step, failed))
    return [{ isRetried: test.retried, made: made.length > 0 ? made : [testCard(test, number)] }]
  })
  if (cards.length === 0) return []
  const made = [false, true].flatMap(later =>
    cards.filter(({ isRetried }) => isRetried === later).flatMap(card => card.made),
  )
  return [
    element(
      'section',
      { class: 'failures', 'aria-labelledby': 'failures' },
      element('h2', { id: 'failures' }, 'What failed', element('span', { class: 'about' }, count(made.length, 'step'))),
      ...made,
    ),
  ]
}

const failedNodes = ({ nodes }: StepData): readonly Failed[] =>
  nodes.filter((node): node is Failed => node.failure !== undefined)

const isBad = ({ verdict }: TestData) => verdict === 'failed' || verdict === 'broken'

/** For a failure outside of the steps. */
const testCard = (test: TestData, number: number) =>
  element(
    'article',
    { class: 'failure', tabindex: -1 },
    element('h3', {}, badge(test.verdict), element('a', { href: `#${sectionId(number)}` }, titleOf(test))),
    reasonList(test),
    element('p', { class: 'why' }, test.why ?? 'no reason was reported'),
  )

/** Likely causes precede failures. */
const reasonList = ({ reasons }: TestData) =>
  reasons.length > 0 && element('ul', { class: 'reasons' }, ...reasons.map(reason => element('li', {}, reason)))

function failureCard(test: TestData, number: number, step: StepData, failed: readonly Failed[]) {
  const nodeItem = ({ node, failure }: Failed) => {
    const name = test.nodes[node] ?? ''
    return element(
      'li',
      {},
      element(
        'p',
        { class: 'why' },
        element('a', { href: logLink(sectionId(number, 'log'), step.index, name), class: 'node' }, name),
        ' ',
        failure.why,
      ),
      news(failure) && element('pre', {}, failure.lastLines.join('\n')),
    )
  }
  const [shown, more] = [failed.slice(0, AT_ONCE), failed.slice(AT_ONCE)]
  return element(
    'article',
    { class: 'failure', tabindex: -1 },
    element(
      'h3',
      {},
      badge(test.verdict),
      element('a', { href: `#${sectionId(number)}` }, titleOf(test)),
      ` › step ${step.index}: ${step.name}`,
      element(
        'span',
        { class: 'about' },
        `on ${failed.length} of ${count(step.nodes.length, 'node')}${test.retried ? '; the test was retried' : ''}`,
      ),
    ),
    reasonList(test),
    element('ul', {}, ...shown.map(nodeItem)),
    more.length > 0 &&
      element(
        'details',
        {},
        element('summary', {}, `${count(more.length, 'more node')}`),
        element('ul', {}, ...more.map(nodeItem)),
      ),
    test.graph && networkOf(test, test.graph, failed),
    element('p', { class: 'ways' }, ...waysOn(test, number, step)),
  )
}

/** The network of the nodes that failed. */
function networkOf(test: TestData, graph: Packed, failed: readonly Failed[]): HTMLElement {
  const names = failed.slice(0, AT_ONCE).map(({ node }) => test.nodes[node] ?? '')
  const heading = [element('span', {}, 'Network'), element('span', { class: 'about' }, names.join(', '))]
  return folded({ class: 'group' }, heading, () => networkOfNodes(graph, names))
}

/** Whether the last lines contain more than the reason. */
const news = ({ why, lastLines }: Failed['failure']): boolean =>
  lastLines.length > 0 && !(lastLines.length === 1 && lastLines[0]?.includes(why))

function waysOn(test: TestData, number: number, step: StepData): readonly HTMLElement[] {
  const ways = [
    ['time', 'Time line', test.steps.length > 0],
    ['matrix', 'Matrix', test.matrix !== undefined || test.probes !== undefined],
    ['conformance', 'Conformance', test.conformance !== undefined],
    ['network', 'Network', test.graph !== undefined],
    ['evidence', 'Evidence', test.evidence.length > 0],
    ['files', 'Files', test.artefacts.length > 0],
  ] as const
  const links = ways
    .filter(([, , isThere]) => isThere)
    .map(([part, name]) => element('a', { href: `#${sectionId(number, part)}` }, name))
  const log = test.log && element('a', { href: logLink(sectionId(number, 'log'), step.index) }, 'Log of the step')
  return log ? [log, ...links] : links
}
