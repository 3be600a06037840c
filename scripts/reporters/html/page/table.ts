import { element } from './dom.ts'

/**
 * A table of text.
 * @param caption what it holds; without `isShown` for those alone who do not see it
 */
export function plainTable(
  {
    caption,
    isShown = false,
    kind = '',
  }: { readonly caption: string; readonly isShown?: boolean; readonly kind?: string },
  heads: readonly string[],
  rows: readonly HTMLTableRowElement[],
): HTMLElement {
  const table = element(
    'table',
    { class: `plain ${kind}` },
    element('caption', { class: isShown ? undefined : 'hidden' }, caption),
    element('thead', {}, element('tr', {}, ...heads.map(text => element('th', { scope: 'col' }, text)))),
    element('tbody', {}, ...rows),
  )
  // Where the page is too narrow the table moves sideways, by the keyboard as well.
  return element('div', { class: 'sideways', role: 'group', 'aria-label': caption, tabindex: 0 }, table)
}
