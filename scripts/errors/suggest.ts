import { closestMatch } from 'leven'

/** More letters that are wrong than these, or than two of five, are another word. */
const MOST_WRONG = 3

/**
 * What a person may have meant who wrote a name that is none.
 * @returns `did you mean bridge?`, or undefined when nothing is like it
 */
export function didYouMean(word: string, names: readonly string[]): string | undefined {
  const lower = new Map(names.map(name => [name.toLowerCase(), name]))
  const maxDistance = Math.min(MOST_WRONG, Math.floor(word.length * 0.4))
  const found = closestMatch(word.toLowerCase(), [...lower.keys()], { maxDistance })
  return found === undefined ? undefined : `did you mean ${lower.get(found)}?`
}

/** Puts what a person may have meant in front of another hint. */
export const suggest = (word: string, names: readonly string[], hint: string): string =>
  [didYouMean(word, names), hint].filter(Boolean).join(' ')
