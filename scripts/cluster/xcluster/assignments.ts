/** What a command printed that is to be read as assignments of a shell. */
export interface Assignments {
  readonly values: Readonly<Record<string, string>>
  /** Lines that are no assignment: warnings, for example. */
  readonly others: readonly string[]
}

/**
 * Reads what `$XCLUSTER env` prints: a shell's `set`, filtered line by line, and whatever else was written there
 * (contract, "Host environment"). Nothing is evaluated: a value in which a shell would expand something counts as no assignment.
 * @param text lines `name=value` in any of a shell's quotings; the last assignment of a name wins
 */
export function parseAssignments(text: string): Assignments {
  const values: Record<string, string> = {}
  const others: string[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const [, name, quoted] = /^(?:export\s+)?([A-Za-z_]\w*)=(.*)$/s.exec(line) ?? []
    const value = quoted === undefined ? undefined : unquote(quoted.trim())
    if (name === undefined || value === undefined) others.push(line)
    else values[name] = value
  }
  return { values, others }
}

/** One piece of a shell's word: quoted one way or the other, escaped, or plain. */
const PIECE = /'([^']*)'|"((?:[^"\\$`]|\\.)*)"|\\(.)|([^\s'"\\$`;&|<>()*?[\]#~]+|(?<=.)[#~])/y

/** @returns the text that a shell takes a word for; undefined where it is no single word or a shell would expand something */
function unquote(word: string): string | undefined {
  let value = ''
  PIECE.lastIndex = 0
  while (PIECE.lastIndex < word.length) {
    const [piece, single, double, escaped, plain] = PIECE.exec(word) ?? []
    if (piece === undefined) return undefined
    value += single ?? double?.replace(/\\([\\$`"])/g, '$1') ?? escaped ?? plain
  }
  return value
}
