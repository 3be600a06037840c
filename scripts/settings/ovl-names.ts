import type { Sources } from './sources.ts'

/** Ovls of every cluster: packed before those of the test, and after them. */
export interface OvlNames {
  readonly base: readonly string[]
  readonly more: readonly string[]
}

/** An ovl of this name in $XOVLS is for Kubernetes' images: the whole of $XOVLS is not for tests like ours. */
const NOT_FOR_US = 'private-reg'

const words = (text: string): readonly string[] => Object.freeze(text.split(/\s+/).filter(Boolean))

/** What $BASEOVLS and $XOVLS say. */
export function readOvlNames(sources: Sources): OvlNames {
  const [base, more] = [words(sources.text('BASEOVLS', '')), words(sources.text('XOVLS', ''))]
  return Object.freeze({ base, more: more.includes(NOT_FOR_US) ? [] : more })
}
