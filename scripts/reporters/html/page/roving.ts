/**
 * Makes rows of items a single tab stop; arrow keys, Home and End move between items ("roving tabindex" in the WAI-ARIA
 * Authoring Practices).
 */
export function rove(container: HTMLElement, rows: readonly (readonly (HTMLElement | SVGElement)[])[]): void {
  const filled = rows.filter(row => row.length > 0)
  let current = filled[0]?.[0]
  for (const item of filled.flat()) item.setAttribute('tabindex', '-1')
  current?.setAttribute('tabindex', '0')

  const go = (item: HTMLElement | SVGElement | undefined) => {
    if (!item) return
    current?.setAttribute('tabindex', '-1')
    current = item
    item.setAttribute('tabindex', '0')
    item.focus()
  }
  container.addEventListener('focusin', event => {
    const item = filled.flat().find(candidate => candidate === event.target)
    if (!item || item === current) return
    current?.setAttribute('tabindex', '-1')
    item.setAttribute('tabindex', '0')
    current = item
  })
  container.addEventListener('keydown', event => {
    const row = filled.findIndex(items => items.some(item => item === event.target))
    const items = filled[row]
    if (!items) return
    const position = items.indexOf(event.target as HTMLElement)
    const inRow = (to: number) => {
      const target = filled[to]
      return target?.[Math.min(position, target.length - 1)]
    }
    const moves: Readonly<Record<string, () => HTMLElement | SVGElement | undefined>> = {
      ArrowRight: () => items[position + 1],
      ArrowLeft: () => items[position - 1],
      ArrowDown: () => inRow(row + 1),
      ArrowUp: () => inRow(row - 1),
      Home: () => items[0],
      End: () => items.at(-1),
    }
    const move = moves[event.key]
    if (!move || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    go(move())
  })
}
