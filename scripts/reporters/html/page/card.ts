import { element } from './dom.ts'

/** Pixels between the pointer and the card. */
const DISTANCE = 14

let card: HTMLElement | undefined

/** Shows lines beside a position, the first as a heading. Screen readers use the element's own label. */
export function showCard(lines: readonly string[], x: number, y: number): void {
  card ??= document.body.appendChild(element('div', { class: 'card', 'aria-hidden': 'true' }))
  card.replaceChildren(...lines.map((line, index) => element(index === 0 ? 'strong' : 'span', {}, line)))
  card.hidden = false
  const { width, height } = card.getBoundingClientRect()
  const left = x + DISTANCE + width > innerWidth ? x - DISTANCE - width : x + DISTANCE
  const top = y + DISTANCE + height > innerHeight ? y - DISTANCE - height : y + DISTANCE
  card.style.left = `${Math.max(0, left)}px`
  card.style.top = `${Math.max(0, top)}px`
}

export function hideCard(): void {
  if (card) card.hidden = true
}

/** Shows a card for elements on hover and focus; Escape hides it. */
export function describeOnHover(
  container: Element,
  selector: string,
  linesOf: (item: Element) => readonly string[] | undefined,
): void {
  const itemOf = (event: Event) => (event.target instanceof Element ? event.target.closest(selector) : null)
  const show = (item: Element | null, x: number, y: number) => {
    const lines = item ? linesOf(item) : undefined
    if (lines) showCard(lines, x, y)
    else hideCard()
  }
  container.addEventListener('pointermove', event => {
    if (event instanceof PointerEvent) show(itemOf(event), event.clientX, event.clientY)
  })
  container.addEventListener('pointerleave', hideCard)
  container.addEventListener('focusin', event => {
    const item = itemOf(event)
    if (!item?.matches(':focus-visible')) return
    const { left, bottom } = item.getBoundingClientRect()
    show(item, left, bottom)
  })
  container.addEventListener('focusout', hideCard)
}

addEventListener('keydown', event => {
  if (event.key === 'Escape') hideCard()
})
