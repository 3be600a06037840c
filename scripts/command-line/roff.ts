/**
 * Text as roff shows it: nothing in it is an escape, a request, or a dash that is no minus sign. Source: groff_char(7), man(7).
 */
export const roffText = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    // A line that begins with a dot is a request.
    .replaceAll(/^\./gm, '\\&.')

/** An argument of a macro: quotes end it. */
const argument = (text: string): string => `"${roffText(text).replaceAll('"', '\\(dq')}"`

/** A page, line by line. */
export class Page {
  readonly #lines: string[] = []

  /**
   * @param name in capitals at the top
   * @param version of the program
   * @param title at the top, in the middle
   */
  constructor(name: string, version: string, title: string) {
    this.#lines.push(`.TH ${[name.toUpperCase(), '1', '', version, title].map(argument).join(' ')}`)
    // Not hyphenated, nor spread over the width: what is to be typed stays as it is.
    this.#lines.push('.nh', '.ad l')
  }

  section(title: string): void {
    this.#lines.push(`.SH ${argument(title.toUpperCase())}`)
  }

  subsection(title: string): void {
    this.#lines.push(`.SS ${argument(title)}`)
  }

  paragraph(text: string): void {
    this.#space()
    this.#lines.push(roffText(text))
  }

  /** What is typed, or a word, and what it means. */
  item(term: string, text: string): void {
    this.#lines.push('.TP', `.B ${argument(term)}`, roffText(text))
  }

  /** Lines as they are. */
  verbatim(lines: readonly string[]): void {
    this.#space()
    this.#lines.push('.nf', '.RS 4', ...lines.map(line => roffText(line) || '\\&'), '.RE', '.fi')
  }

  /** A title has its own. */
  #space(): void {
    if (!/^\.S[HS] /.test(this.#lines.at(-1) ?? '')) this.#lines.push('.PP')
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }
}
