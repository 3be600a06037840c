import type { EvidenceData } from '../data.ts'

/** Lines of a subject whose form is missing in another subject of its kind. */
export interface Difference {
  readonly what: string
  readonly subject: string
  readonly lines: readonly string[]
}

/** Volatile evidence, or evidence of a single subject. */
const UNLIKE = ['console', 'kernel messages', 'repeated ping', 'capture', 'notes', 'neighbours']

/**
 * Compares evidence of several nodes or PODs, ignoring names, numbers and addresses: finds a missing default route,
 * or an interface that is down.
 * @param texts of the pieces, in order
 */
export function differences(evidence: readonly EvidenceData[], texts: readonly string[]): readonly Difference[] {
  const groups = new Map<string, { readonly subject: string; readonly lines: readonly string[] }[]>()
  for (const [index, { what, subject, node }] of evidence.entries()) {
    if (UNLIKE.includes(what)) continue
    const key = `${subject === node ? 'node' : 'POD'} ${what}`
    const lines = (texts[index] ?? '').split('\n').filter(line => line.trim() !== '')
    groups.set(key, [...(groups.get(key) ?? []), { subject, lines }])
  }
  return [...groups].flatMap(([key, members]) => {
    const shapes = members.map(({ lines }) => new Set(lines.map(shapeOf)))
    return members.flatMap(({ subject, lines }, own) => {
      const others = shapes.filter((_, index) => index !== own)
      const only = lines.filter(line => others.some(shape => !shape.has(shapeOf(line))))
      return only.length > 0 ? [{ what: key.slice(key.indexOf(' ') + 1), subject, lines: only }] : []
    })
  })
}

/** A line without the parts that always differ. */
const shapeOf = (line: string): string =>
  line
    .replace(/[\w.-]*vm-\d{3}[\w.-]*/g, 'NAME')
    .replace(/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/gi, 'MAC')
    .replace(/(?<![\w:])[0-9a-f]{0,4}(:[0-9a-f.]{0,15}){2,}/gi, 'IPV6')
    .replace(/\b\d+(\.\d+){3}\b/g, 'IPV4')
    .replace(/\d+/g, '0')
    .trim()
