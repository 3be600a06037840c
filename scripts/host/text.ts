// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ESCAPE_SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTERS = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g

/** What turns the order of letters around, so that a text reads as another one, and what ends a line for some readers alone. */
const MISLEADING = /[\p{Bidi_Control}\u2028\u2029]/gu

/** A line without terminal codes, control characters (tabs stay) and directional marks: a VM may write anything. */
export const plainText = (line: string): string =>
  line.replace(ESCAPE_SEQUENCES, '').replace(CONTROL_CHARACTERS, '').replace(MISLEADING, '')

/** What some programs write into JSON as it is, or JSON allows, and a terminal acts on; and what reads as another text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE_IN_JSON = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\p{Bidi_Control}\u2028\u2029]/gu

/** JSON as it may be shown on a terminal: what it says is the same. */
export const safeJson = (json: string): string =>
  json.replace(UNSAFE_IN_JSON, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Untrusted text for a message: on one line, and cut where it is long. */
export function shortText(text: string, most = 300): string {
  const line = plainText(text.slice(0, 4 * most).replaceAll(/\s+/g, ' ')).trim()
  return line.length > most ? `${line.slice(0, most)}…` : line
}

/** Several lines, each as {@link plainText}. */
export const plainLines = (text: string): string => text.split('\n').map(plainText).join('\n')

/** What XML 1.0 has no place for (production 2, "Char"), lone surrogates among it. */
const NO_XML = /[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/** What YAML 1.2 has no place for (production 1, "c-printable", and the mark of production 3). */
const NO_YAML = new RegExp(`${NO_XML.source}|\\ufeff`, 'gu')

/** Lines end there for some readers, and for others not. */
const LINE_SEPARATORS = /[\u2028\u2029]/g

/** A document of YAML, or its text, without what is no character there, or ends a line only for some. */
export const yamlText = (text: string): string => text.replace(NO_YAML, '').replace(LINE_SEPARATORS, ' ')

/** Text as it stands in XML, between tags or in an attribute; without what XML has no place for, and directional marks. */
export const escapeXml = (text: string): string =>
  text
    .replace(NO_XML, '')
    .replace(MISLEADING, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** Lines as text of an XML document: without terminal codes, control characters, and what is no character at all. */
export const xmlText = (lines: readonly string[]): string =>
  lines
    .map(line => plainText(line))
    .join('\n')
    .replace(NO_XML, '')
