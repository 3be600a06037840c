import { element } from './dom.ts'

/** A command line with a copy button, which confirms until it loses the focus or pointer. */
export function commandLine(what: string, text: string): HTMLElement {
  const button = element('button', { type: 'button', 'aria-label': `Copy the command to ${what}` }, 'Copy')
  button.addEventListener('click', async () => {
    button.textContent = (await copied(text)) ? 'Copied' : 'Select and copy it'
  })
  for (const leaving of ['blur', 'pointerleave']) {
    button.addEventListener(leaving, () => {
      button.textContent = 'Copy'
    })
  }
  return element('li', {}, element('span', { class: 'about' }, what), element('code', {}, text), button)
}

/** Falls back to a selection: a page from a file may be denied the clipboard. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copiedBySelection(text)
  }
}

function copiedBySelection(text: string): boolean {
  const place = element('textarea', { class: 'hidden', 'aria-hidden': 'true' })
  place.value = text
  document.body.append(place)
  place.select()
  const isCopied = document.execCommand('copy')
  place.remove()
  return isCopied
}
