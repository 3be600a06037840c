import type { ProbesData } from '../data.ts'
import { element, folded } from './dom.ts'
import { unpack } from './unpack.ts'

/** A picture for each probe; those with unexpected results are open. */
export function probesPart({ pictures, lines }: ProbesData): readonly HTMLElement[] {
  const isOpen = (hasWrong: boolean) => hasWrong || pictures.length === 1
  return [
    ...pictures.map(({ title, text, hasWrong, picture }) => {
      const heading = [element('span', {}, title), element('span', { class: 'about' }, text.slice(title.length + 2))]
      return folded({ class: 'group', open: isOpen(hasWrong) }, heading, async () => {
        // Its texts are escaped. Parsed as HTML, which accepts any character in names.
        const markup = new TextDecoder().decode(await unpack(picture))
        const svg = new DOMParser().parseFromString(markup, 'text/html').querySelector('svg')
        if (!svg) return []
        svg.setAttribute('role', 'img')
        svg.setAttribute('aria-label', text)
        return [element('div', { class: 'scroll' }, svg)]
      })
    }),
    ...lines.map(line => element('p', { class: 'facts' }, line)),
  ]
}
