/** A member of a literal in a source text. */
interface Literal {
  /** Where its key begins, or itself without a key. */
  readonly at: number
  readonly members: ReadonlyMap<string | number, Literal>
}

/**
 * Finds members of the object that a module exports, for messages: a small reader of literals that skips what it does
 * not know.
 * @returns the offset of the member, or of the innermost one around it that was found
 */
export function memberFinder(text: string): (path: readonly (string | number)[]) => number | undefined {
  const start = startOf(text)
  const root = start === undefined ? undefined : new LiteralReader(text).read(start).literal
  return path => {
    let literal = root
    for (const key of path) {
      const next: Literal | undefined = literal?.members.get(key)
      if (!next) break
      literal = next
    }
    return literal?.at
  }
}

/** `file:line:column` of an offset, with lines and columns from 1. */
export function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}

function startOf(text: string): number | undefined {
  const exported = /^[ \t]*export\s+default\s+/m.exec(text)
  const after = exported ? exported.index + exported[0].length : undefined
  if (after !== undefined && /^(defineTest\s*\(|[[{])/.test(text.slice(after))) return after
  const called = /\bdefineTest\s*\(/.exec(text)
  return called?.index ?? after
}

const OPEN = '([{'
const CLOSE = ')]}'
/** A slash after one of these begins a regular expression. */
const BEFORE_EXPRESSION = '(,=:[!&|?{};+-*%<>~^'

class LiteralReader {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** Reads a value. @returns it, and the offset behind it */
  read(from: number, at?: number): { readonly literal: Literal; readonly end: number } {
    const begin = this.#skipBlanks(from)
    const literal = { at: at ?? begin, members: new Map<string | number, Literal>() }
    const character = this.#text[begin]
    if (character === '{') return { literal, end: this.#skipRest(this.#readObject(begin + 1, literal.members)) }
    if (character === '[') return { literal, end: this.#skipRest(this.#readArray(begin + 1, literal.members)) }
    const [call] = /^[\w$.]+\s*\(\s*(?=[{[])/.exec(this.#text.slice(begin, begin + 200)) ?? []
    if (!call) return { literal, end: this.#skipRest(begin) }
    const inner = this.read(begin + call.length)
    return {
      literal: { at: at ?? inner.literal.at, members: inner.literal.members },
      end: this.#skipRest(this.#closing(inner.end)),
    }
  }

  #readObject(from: number, members: Map<string | number, Literal>): number {
    let position = this.#skipBlanks(from)
    while (position < this.#text.length && this.#text[position] !== '}') {
      const [, name, quoted] =
        /^(?:async\s+)?(?:([\w$]+)|(["'][^"'\n]*["']))/.exec(this.#text.slice(position, position + 200)) ?? []
      const key = name ?? quoted?.slice(1, -1)
      const afterKey = this.#skipBlanks(position + (name ?? quoted ?? '').length)
      if (key !== undefined && this.#text[afterKey] === ':') {
        const { literal, end } = this.read(afterKey + 1, position)
        members.set(key, literal)
        position = end
      } else {
        // A method, a shorthand, a spread or a computed key.
        if (key !== undefined) members.set(key, { at: position, members: new Map() })
        position = this.#skipRest(position)
      }
      position = this.#skipComma(position)
    }
    return position + 1
  }

  #readArray(from: number, members: Map<string | number, Literal>): number {
    let position = this.#skipBlanks(from)
    for (let index = 0; position < this.#text.length && this.#text[position] !== ']'; index++) {
      const { literal, end } = this.read(position)
      members.set(index, literal)
      position = this.#skipComma(end)
    }
    return position + 1
  }

  #skipComma(position: number): number {
    const at = this.#skipBlanks(position)
    // Anything else would be an error of this reader: go on behind it.
    return this.#text[at] === ',' ? this.#skipBlanks(at + 1) : CLOSE.includes(this.#text[at] ?? ')') ? at : at + 1
  }

  /** The offset behind the bracket that closes a call. */
  #closing(position: number): number {
    let at = position
    while (at < this.#text.length && this.#text[at] !== ')')
      at = this.#text[at] === ',' ? this.#skipRest(at + 1) : at + 1
    return at + 1
  }

  /** Skips an expression up to a comma or a closing bracket. */
  #skipRest(from: number): number {
    let [position, depth, before] = [from, 0, '(']
    while (position < this.#text.length) {
      position = this.#skipBlanks(position)
      const character = this.#text[position] ?? ''
      if (depth === 0 && (character === ',' || CLOSE.includes(character) || character === ';')) return position
      if (OPEN.includes(character)) depth++
      else if (CLOSE.includes(character)) depth--
      if ('"\'`'.includes(character) && character) position = this.#skipString(position)
      else if (character === '/' && BEFORE_EXPRESSION.includes(before)) position = this.#skipExpression(position)
      else position++
      before = character
    }
    return position
  }

  #skipString(from: number): number {
    const quote = this.#text[from]
    let position = from + 1
    while (position < this.#text.length && this.#text[position] !== quote) {
      if (quote === '`' && this.#text.startsWith('${', position)) {
        position = this.#skipBracket(position + 2)
        continue
      }
      position += this.#text[position] === '\\' ? 2 : 1
    }
    return position + 1
  }

  /** Skips to behind the brace that closes a placeholder of a template. */
  #skipBracket(from: number): number {
    let position = from
    while (position < this.#text.length && this.#text[position] !== '}') {
      position = this.#skipRest(position)
      if (this.#text[position] !== '}') position++
    }
    return position + 1
  }

  /** Skips a regular expression. */
  #skipExpression(from: number): number {
    let [position, isInClass] = [from + 1, false]
    while (position < this.#text.length && (isInClass || this.#text[position] !== '/')) {
      const character = this.#text[position]
      if (character === '\n') return position
      if (character === '[') isInClass = true
      if (character === ']') isInClass = false
      position += character === '\\' ? 2 : 1
    }
    return position + 1
  }

  /** Skips blanks and comments. */
  #skipBlanks(from: number): number {
    const blanks = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y
    blanks.lastIndex = from
    return from + (blanks.exec(this.#text)?.[0].length ?? 0)
  }
}
