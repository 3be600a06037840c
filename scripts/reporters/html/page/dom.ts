type Child = Node | string | undefined | false

/** Attributes of an element; what is undefined is left out, `true` is an attribute without a value. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** Makes an element. Text goes in as text, never as markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) made.setAttribute(attribute, value === true ? '' : String(value))
  made.append(...children.filter(child => child !== undefined && child !== false))
  return made
}

const fillers = new WeakMap<HTMLDetailsElement, () => Promise<void>>()

/**
 * Something folded, whose content is made when it is opened for the first time: a report of a hundred nodes holds more than a browser
 * wants to lay out at once.
 */
export function folded(
  attributes: Attributes,
  summary: readonly Child[],
  content: () => readonly Child[] | Promise<readonly Child[]>,
): HTMLDetailsElement {
  const made = element('details', attributes, element('summary', {}, ...summary))
  let filled: Promise<void> | undefined
  const fill = async () => {
    const place = made.appendChild(element('div', { class: 'content' }))
    try {
      const children = await content()
      place.append(...children.filter(child => child !== undefined && child !== false))
      const open = [...place.querySelectorAll<HTMLDetailsElement>(':scope > details[open]')]
      await Promise.all(open.map(unfold))
    } catch (error) {
      place.append(element('p', { class: 'problem', role: 'alert' }, `This cannot be shown: ${error}`))
    }
  }
  const fillOnce = () => (filled ??= fill())
  fillers.set(made, fillOnce)
  made.addEventListener('toggle', () => {
    if (made.open) void fillOnce()
  })
  return made
}

/** Opens something folded. When that is done, its content is there, and that of what is open in it. */
export async function unfold(details: HTMLDetailsElement): Promise<void> {
  details.open = true
  await fillers.get(details)?.()
}
