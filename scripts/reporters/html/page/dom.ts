type Child = Node | string | undefined | false

/** Attributes of an element; undefined ones are omitted, `true` has no value. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** Creates an element. Text is never parsed as markup. */
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
 * A folded section whose content is created when it is first opened: a report of a hundred nodes is too large to lay
 * out at once.
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

/** Opens a section. Resolves when its content, and that of open sections in it, exists. */
export async function unfold(details: HTMLDetailsElement): Promise<void> {
  details.open = true
  await fillers.get(details)?.()
}
