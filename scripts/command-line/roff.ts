/**
 * Escapes text for roff: escapes, requests and dashes, see groff_char(7), man(7).
 */
const roffText = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    // A leading dot would start a request.
    .replaceAll(/^\./gm, '\\&.')

/** A quoted argument of a macro. */
const argument = (text: string): string => `"${roffText(text).replaceAll('"', '\\(dq')}"`

/** Builds a manual page. */
export class Page {
  readonly #lines: string[] = []

  /**
   * @param name shown in capitals at the top
   * @param title at the top, in the middle
   */
  constructor(name: string, version: string, title: string) {
    this.#lines.push(`.TH ${[name.toUpperCase(), '1', '', version, title].map(argument).join(' ')}`)
    // No hyphenation or justification: commands must stay unchanged.
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

  /** A term and its description. */
  item(term: string, text: string): void {
    this.#lines.push('.TP', `.B ${argument(term)}`, roffText(text))
  }

  /** Preformatted lines. */
  verbatim(lines: readonly string[]): void {
    this.#space()
    this.#lines.push('.nf', '.RS 4', ...lines.map(line => roffText(line) || '\\&'), '.RE', '.fi')
  }

  /** Not needed after a title. */
  #space(): void {
    if (!/^\.S[HS] /.test(this.#lines.at(-1) ?? '')) this.#lines.push('.PP')
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }
}
