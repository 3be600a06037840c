/** Truncates a text, and marks the cut. */
export function shortened(text: string, most: number): string {
  // Copied: a slice would keep the whole string in memory.
  return text.length <= most ? text : Buffer.from(`${text.slice(0, most)}…`).toString()
}

/** Replaces the middle of a long text by a line with the number of omitted characters. */
export function withoutMiddle(text: string, most: number): string {
  if (text.length <= most) return text
  const [first, last] = [text.slice(0, most / 2), text.slice(-most / 2)]
  return Buffer.from(`${first}\n… ${text.length - most} characters omitted here …\n${last}`).toString()
}
