import { toDocument } from '../cni/report/document.ts'
import { changesToMarkdown, toMarkdown } from '../cni/report/markdown.ts'
import type { Conformance } from '../events/conformance.ts'
import type { Listener } from '../events/events.ts'
import type { Output } from './output.ts'

/** The conformance of CNI networks as a document of JSON: docs/schemas/cni.schema.json. */
export const cni = (output: Output): Listener => collect('cni', all => output.write(toDocument(all)))

/** The same as tables of Markdown, for a README. */
export const cniMarkdown = (output: Output): Listener =>
  collect('cni-markdown', all => {
    for (const conformance of all) {
      output.write(toMarkdown(conformance))
      if (conformance.changes) output.write(`\n${changesToMarkdown(conformance.changes)}`)
    }
  })

function collect(name: string, write: (all: readonly Conformance[]) => void): Listener {
  const all: Conformance[] = []
  return {
    name,
    on: event => {
      if (event.type === 'conformance') all.push(event.conformance)
    },
    close: async () => write(all),
  }
}
