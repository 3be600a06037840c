/** A text of at most so many characters, and a mark where there was more. */
export function shortened(text: string, most: number): string {
  // Copied, because a part of a string keeps the whole of it in memory.
  return text.length <= most ? text : Buffer.from(`${text.slice(0, most)}…`).toString()
}

/** A long text without its middle, with a line there that says how much is missing. */
export function withoutMiddle(text: string, most: number): string {
  if (text.length <= most) return text
  const [first, last] = [text.slice(0, most / 2), text.slice(-most / 2)]
  return Buffer.from(`${first}\n… ${text.length - most} characters omitted here …\n${last}`).toString()
}
