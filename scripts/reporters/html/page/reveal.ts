import { unfold } from './dom.ts'

/** Part of a log that is wanted: a step and a node, by their names in the link. */
export interface LogTarget {
  readonly step: number | undefined
  readonly node: string | undefined
}

/** `#test-2`, `#test-2-log`, `#test-2-log?step=3&node=vm-001` */
const LINK = /^#(test-\d+)(-[a-z]+)?(?:\?(.*))?$/

/** A link to the log of a step on a node. */
export function logLink(logId: string, step: number, node?: string): string {
  const wanted = new URLSearchParams({ step: String(step), ...(node !== undefined && { node }) })
  return `#${logId}?${wanted}`
}

/** Opens what a link of the page leads to, since it may be folded, and not be there before its test is open. */
async function reveal(hash: string): Promise<void> {
  const [, test, part, query] = LINK.exec(hash) ?? []
  if (!test) return
  const section = document.getElementById(test)
  const details = section?.querySelector<HTMLDetailsElement>('details')
  if (!details) return
  await unfold(details)
  const target = part ? document.getElementById(`${test}${part}`) : section
  if (target instanceof HTMLDetailsElement) await unfold(target)
  if (target && query) {
    const words = new URLSearchParams(query)
    const step = Number(words.get('step')) || undefined
    const detail: LogTarget = { step, node: words.get('node') ?? undefined }
    target.dispatchEvent(new CustomEvent('wanted', { detail }))
  }
  target?.scrollIntoView({ block: 'start' })
  target?.querySelector('summary')?.focus({ preventScroll: true })
}

/** Follows the link that the page was opened by, and those that are clicked. */
export function followLinks(): void {
  document.addEventListener('click', event => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#test-"]') : null
    // Clicked again, a link does not change the address any more.
    if (link?.getAttribute('href') === location.hash) void reveal(location.hash)
  })
  addEventListener('hashchange', () => void reveal(location.hash))
  void reveal(location.hash)
}
