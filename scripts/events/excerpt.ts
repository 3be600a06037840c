/** How much of a long output is kept, in characters. */
export interface ExcerptSize {
  readonly head: number
  readonly tail: number
}

/** The beginning and the end of an output that may be longer than anybody can keep. */
export interface Excerpt {
  add(line: string): void
  /** What was kept, with a line that tells how much was left out between. */
  lines(): readonly string[]
}

export function excerpt(size: ExcerptSize): Excerpt {
  const head: string[] = []
  let tail: string[] = []
  let [headLength, tailLength, leftOut] = [0, 0, 0]
  let isHead = true
  const trim = () => {
    let first = 0
    while (first < tail.length - 1 && tailLength > size.tail) {
      tailLength -= lengthOf(tail[first])
      first++
    }
    leftOut += first
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
    // Twice as much may gather, so that not every line costs a copy.
    if (tailLength > 2 * size.tail) trim()
  }
  const lines = () => {
    trim()
    return leftOut === 0
      ? [...head, ...tail]
      : [...head, `… ${leftOut} lines are left out here: the log has all …`, ...tail]
  }
  return { add, lines }
}

/** With the line break, so that empty lines count as well. */
const lengthOf = (line = ''): number => line.length + 1
