import { element } from './dom.ts'

/**
 * A table of text.
 * @param caption without `isShown`, for screen readers only
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
  // Scrolls horizontally on narrow pages, also by keyboard.
  return element('div', { class: 'sideways', role: 'group', 'aria-label': caption, tabindex: 0 }, table)
}
