// biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters
const ESCAPE_SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters
const CONTROL_CHARACTERS = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g

/** Bidirectional controls, which can disguise text, and separators that only some readers take for a line end. */
const MISLEADING = /[\p{Bidi_Control}\u2028\u2029]/gu

/** Strips escape sequences, control characters except tabs, and misleading characters from a line of untrusted text. */
export const plainText = (line: string): string =>
  line.replace(ESCAPE_SEQUENCES, '').replace(CONTROL_CHARACTERS, '').replace(MISLEADING, '')

/** Characters that JSON allows, or some programs write into it, and a terminal interprets; and misleading ones. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters
const UNSAFE_IN_JSON = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\p{Bidi_Control}\u2028\u2029]/gu

/** Escapes characters of JSON that are unsafe on a terminal. */
export const safeJson = (json: string): string =>
  json.replace(UNSAFE_IN_JSON, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Untrusted text for a message: one line of limited length. */
export function shortText(text: string, maxLength = 300): string {
  const line = plainText(text.slice(0, 4 * maxLength).replaceAll(/\s+/g, ' ')).trim()
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line
}

/** {@link plainText} of each line. */
export const plainLines = (text: string): string => text.split('\n').map(plainText).join('\n')

/** Characters that XML 1.0 does not allow (production 2, "Char"), including lone surrogates. */
const NO_XML = /[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/** Characters that YAML 1.2 does not allow (production 1, "c-printable"), and the byte order mark (production 3). */
const NO_YAML = new RegExp(`${NO_XML.source}|\\ufeff`, 'gu')

/** Only some readers take these for a line end. */
const LINE_SEPARATORS = /[\u2028\u2029]/g

/** Strips what YAML does not allow, and replaces ambiguous line separators by spaces. */
export const yamlText = (text: string): string => text.replace(NO_YAML, '').replace(LINE_SEPARATORS, ' ')

/** Escapes text for XML content and attributes; strips invalid and misleading characters. */
export const escapeXml = (text: string): string =>
  text
    .replace(NO_XML, '')
    .replace(MISLEADING, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** {@link plainText} of several lines as XML text that the caller escapes. */
export const xmlText = (lines: readonly string[]): string =>
  lines
    .map(line => plainText(line))
    .join('\n')
    .replace(NO_XML, '')

/** `24 MiB` */
export const mebibytes = (bytes: number): string => `${bytes / 2 ** 20} MiB`
