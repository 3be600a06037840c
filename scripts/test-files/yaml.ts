import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { describePath, type Issue } from './issues.ts'

export interface ParsedFile {
  readonly value: unknown
  /** The place of a member, or of the innermost one around it. */
  locate(path: readonly (string | number)[]): string
}

/** Members whose texts may be regular expressions. */
const PATTERNS = ['stdout', 'stderr', 'line']

/** @returns the value, or the mistakes */
export function parseYaml(text: string, shown: string): ParsedFile | { readonly issues: readonly Issue[] } {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  const placeAt = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset)
    return `${shown}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    const issues = document.errors.map(({ pos, message }) => ({
      location: placeAt(pos[0]),
      key: '',
      message: message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? '',
    }))
    return { issues }
  }
  const unknown = unknownAliases(document)
  if (unknown.length > 0) {
    const message = (name: string) =>
      `*${name} is an alias that is not defined; put a text that begins with * in quotes`
    return {
      issues: unknown.map(({ name, offset }) => ({ location: placeAt(offset), key: '', message: message(name) })),
    }
  }
  const locate = (path: readonly (string | number)[]) => placeAt(offsetOf(document.contents, path))
  const issues: Issue[] = []
  const value = withPatterns(document.toJS(), [], (path, message) =>
    issues.push({ location: locate(path), key: describePath(path), message }),
  )
  return issues.length > 0 ? { issues } : { value, locate }
}

/** Aliases without an anchor: `*-ns01` without quotes is one. */
function unknownAliases(document: Document): readonly { readonly name: string; readonly offset: number }[] {
  const found: { name: string; offset: number }[] = []
  visit(document, {
    Alias: (_, alias) => {
      if (!alias.resolve(document)) found.push({ name: alias.source, offset: alias.range?.[0] ?? 0 })
    },
  })
  return found
}

function offsetOf(contents: unknown, path: readonly (string | number)[]): number {
  let node = contents as Node | null
  let offset = node?.range?.[0] ?? 0
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(item => isScalar(item.key) && String(item.key.value) === String(key))
      if (!pair) return offset
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value as Node | null
    } else if (isSeq(node)) {
      node = (node.items[Number(key)] as Node | undefined) ?? null
      offset = node?.range?.[0] ?? offset
    } else return offset
  }
  return offset
}

type Complain = (path: readonly (string | number)[], message: string) => void

/** Reads texts `/…/flags` where patterns are meant. */
function withPatterns(value: unknown, path: readonly (string | number)[], complain: Complain): unknown {
  if (Array.isArray(value)) return value.map((each, index) => withPatterns(each, [...path, index], complain))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, withPatterns(each, [...path, key], complain)]),
    )
  const key = path.findLast(each => typeof each === 'string')
  if (typeof value !== 'string' || !PATTERNS.includes(String(key))) return value
  const [, source, flags] = /^\/(.*)\/([dimsuv]*)$/s.exec(value) ?? []
  if (source === undefined) return value
  try {
    return new RegExp(source, flags)
  } catch (error) {
    complain(path, (error as Error).message)
    return value
  }
}
