/** Shell assignments printed by a command. */
export interface Assignments {
  readonly values: Readonly<Record<string, string>>
  /** Other lines, such as warnings. */
  readonly others: readonly string[]
}

/**
 * Parses the output of `$XCLUSTER env`: lines of a shell's `set`, and other output. Nothing is evaluated: a line in
 * which a shell would expand something is not an assignment.
 * @param text lines `name=value` in any shell quoting; the last assignment of a name wins
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

/** Part of a shell word: single-quoted, double-quoted, escaped, or plain. */
const PIECE = /'([^']*)'|"((?:[^"\\$`]|\\.)*)"|\\(.)|([^\s'"\\$`;&|<>()*?[\]#~]+|(?<=.)[#~])/y

/** @returns the value of a shell word; undefined when it is not a single word or a shell would expand something */
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
