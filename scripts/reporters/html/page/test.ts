import type { TestData } from '../data.ts'
import { conformancePart } from './conformance.ts'
import { element, folded } from './dom.ts'
import { evidencePart } from './evidence.ts'
import { badge } from './icons.ts'
import { logPart } from './log.ts'
import { matrixPart } from './matrix.ts'
import { networkPart } from './network.ts'
import { probesPart } from './probes.ts'
import { plainTable } from './table.ts'
import { timelinePart } from './timeline.ts'
import { count, duration, sectionId, titleOf } from './words.ts'

/** The folded section of an attempt. */
export function testSection(test: TestData, number: number): HTMLElement {
  const id = sectionId(number)
  const summary = [
    element('h2', { id: `${id}-title` }, badge(test.verdict), ` ${titleOf(test)}`),
    element('span', { class: 'about' }, test.verdict === 'skipped' ? (test.why ?? '') : test.summary),
    element('span', { class: 'time' }, test.verdict === 'skipped' ? '' : duration(test.ended - test.begun)),
  ]
  const content = () => [
    test.cluster !== undefined && element('p', { class: 'facts' }, test.cluster),
    test.why !== undefined && element('p', { class: 'why' }, test.why),
    ...parts(test, number),
  ]
  return element(
    'section',
    { id, class: 'test', 'aria-labelledby': `${id}-title` },
    folded({ class: 'top' }, summary, content),
  )
}

function parts(test: TestData, number: number): readonly HTMLElement[] {
  const part = (name: string, title: string, about: string, open: boolean, content: Parameters<typeof folded>[2]) => {
    const heading = [element('h3', {}, title), element('span', { class: 'about' }, about)]
    return folded({ id: sectionId(number, name), class: 'part', open }, heading, content)
  }
  const { matrix, probes, conformance, graph, log, evidence } = test
  return [
    test.steps.length > 0 &&
      part(
        'time',
        'Time line',
        `${count(test.steps.length, 'step')} on ${count(test.nodes.length, 'node')}`,
        true,
        () => timelinePart(test, number),
      ),
    matrix && part('matrix', 'Matrix', matrix.text, true, () => matrixPart(matrix)),
    probes && part('matrix', 'Matrices', count(probes.pictures.length, 'probe'), true, () => probesPart(probes)),
    conformance &&
      part('conformance', 'Conformance', count(conformance.checks.length, 'check'), true, () =>
        conformancePart(conformance),
      ),
    graph && part('network', 'Network', 'as reported by the nodes', false, () => networkPart(test, graph)),
    evidence.length > 0 &&
      part('evidence', 'Evidence', count(evidence.length, 'piece'), false, () => evidencePart(evidence)),
    log && logFolded(test, number, log),
    test.artefacts.length > 0 && part('files', 'Files', 'beside this report', false, () => [fileList(test)]),
    test.settings.length > 0 &&
      part('settings', 'Settings', count(test.settings.length, 'value'), false, () => [settingsTable(test)]),
  ].filter(made => made instanceof HTMLElement)
}

/** Links elsewhere in the page can select a step and a node in the log. */
function logFolded(test: TestData, number: number, log: NonNullable<TestData['log']>): HTMLElement {
  const heading = [element('h3', {}, 'Log'), element('span', { class: 'about' }, 'by step and node')]
  const made = folded({ id: sectionId(number, 'log'), class: 'part' }, heading, () => logPart(test, log, made))
  return made
}

const fileList = ({ artefacts }: TestData) =>
  element(
    'ul',
    { class: 'files' },
    ...artefacts.map(({ what, path, href }) =>
      element('li', {}, element('a', { href }, path), ' ', element('span', { class: 'about' }, what)),
    ),
  )

const settingsTable = ({ settings }: TestData) =>
  plainTable(
    { caption: 'Settings' },
    ['Setting', 'Value', 'From'],
    settings.map(([name, value, origin]) =>
      element(
        'tr',
        { class: origin === 'default' ? 'usual' : undefined },
        element('th', { scope: 'row' }, element('code', {}, name)),
        element('td', {}, element('code', {}, value)),
        element('td', {}, origin),
      ),
    ),
  )
