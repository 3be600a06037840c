import { unfold } from './dom.ts'

/** The part of a log that a link selects. */
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

/** Unfolds the target of a link: its content may not exist before. */
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

/** Follows the page's own fragment, and clicked links. */
export function followLinks(): void {
  document.addEventListener('click', event => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#test-"]') : null
    // A second click does not change the address.
    if (link?.getAttribute('href') === location.hash) void reveal(location.hash)
  })
  addEventListener('hashchange', () => void reveal(location.hash))
  void reveal(location.hash)
}
