import type { EvidenceData } from '../data.ts'
import { differences } from './differences.ts'
import { element, folded } from './dom.ts'
import { unpackJson } from './unpack.ts'

/** The evidence of a failure: first differences, then all, by subject. */
export async function evidencePart(evidence: readonly EvidenceData[]): Promise<readonly HTMLElement[]> {
  const texts = new Map<string, Promise<readonly string[]>>()
  const textOf = async ({ texts: packed, position }: EvidenceData) => {
    const unpacked = texts.get(packed.id) ?? unpackJson<readonly string[]>(packed)
    texts.set(packed.id, unpacked)
    return (await unpacked)[position] ?? ''
  }
  const subjects = [...new Set(evidence.map(({ subject }) => subject))]
  const different = differences(evidence, await Promise.all(evidence.map(textOf)))
  const all = subjects.flatMap(subject => {
    const own = evidence.filter(piece => piece.subject === subject)
    const node = own[0]?.node
    const heading = element('h4', {}, subject, node !== subject && element('span', { class: 'about' }, `on ${node}`))
    return [heading, ...own.map(piece => pieceOf(piece, () => textOf(piece)))]
  })
  if (different.length === 0) return all
  const lines = different.flatMap(({ what, subject, lines }) => lines.map(line => `${subject} ${what}: ${line.trim()}`))
  return [
    element('h4', {}, 'What differs', element('span', { class: 'about' }, 'lines that some nodes or PODs lack')),
    element('pre', { tabindex: 0, role: 'group', 'aria-label': 'What differs' }, lines.join('\n')),
    ...all,
  ]
}

function pieceOf({ what, subject }: EvidenceData, textOf: () => Promise<string>): HTMLElement {
  return folded({ class: 'group' }, [element('span', { class: 'node' }, what)], async () => {
    const text = await textOf()
    const label = `${what} of ${subject}`
    return [
      text.trim() === ''
        ? element('p', { class: 'none' }, 'empty')
        : element('pre', { tabindex: 0, role: 'group', 'aria-label': label }, text),
    ]
  })
}
