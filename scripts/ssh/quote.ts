/** One word of a POSIX shell, whatever it holds. */
export const quoteWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** A command line that a POSIX shell splits into exactly these words. */
export const quote = (words: readonly string[]): string => words.map(quoteWord).join(' ')

/** The same, where the shell becomes the command: signals reach it, and an emulated VM does not wait in a shell, which takes it 6 ms. */
export const quoteExec = (words: readonly string[]): string => `exec ${quote(words)}`
