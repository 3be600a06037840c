/** Limits of an excerpt, in characters. */
export interface ExcerptSize {
  readonly head: number
  readonly tail: number
}

/** The head and tail of an output of any length. */
export interface Excerpt {
  add(line: string): void
  /** The retained lines, and a line that counts the omitted ones. */
  lines(): readonly string[]
}

/** Collects an output, and retains its head and tail. */
export function excerpt(size: ExcerptSize): Excerpt {
  const head: string[] = []
  let tail: string[] = []
  let [headLength, tailLength, omitted] = [0, 0, 0]
  let isHead = true
  const trim = () => {
    let first = 0
    while (first < tail.length - 1 && tailLength > size.tail) {
      tailLength -= lengthOf(tail[first])
      first++
    }
    omitted += first
    tail = tail.slice(first)
  }
  const add = (line: string) => {
    isHead &&= headLength + lengthOf(line) <= size.head
    if (isHead) {
      head.push(line)
      headLength += lengthOf(line)
      return
    }
    tail.push(line)
    tailLength += lengthOf(line)
    // Trims at twice the limit: trimming copies the array.
    if (tailLength > 2 * size.tail) trim()
  }
  const lines = () => {
    trim()
    return omitted === 0 ? [...head, ...tail] : [...head, `… ${omitted} lines omitted here; the log has all …`, ...tail]
  }
  return { add, lines }
}

/** Includes the newline, so that empty lines count. */
const lengthOf = (line = ''): number => line.length + 1
