import { closestMatch } from 'leven'

/** Most edits from the input to a suggestion, besides two per five letters. */
const MAX_EDITS = 3

/**
 * Suggests the known name that is closest to an unknown one.
 * @returns `did you mean bridge?`, or undefined when no name is close
 */
export function didYouMean(word: string, names: readonly string[]): string | undefined {
  const lower = new Map(names.map(name => [name.toLowerCase(), name]))
  const maxDistance = Math.min(MAX_EDITS, Math.floor(word.length * 0.4))
  const found = closestMatch(word.toLowerCase(), [...lower.keys()], { maxDistance })
  return found === undefined ? undefined : `did you mean ${lower.get(found)}?`
}

/** Prepends {@link didYouMean} to a hint. */
export const suggest = (word: string, names: readonly string[], hint: string): string =>
  [didYouMean(word, names), hint].filter(Boolean).join(' ')
