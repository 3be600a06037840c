import type { Statement } from './ruleset.ts'

/** Longer rules are truncated. */
const MAX_CHARACTERS = 160

/** A rule in nft syntax, with `…` for unknown parts: `ip daddr 172.16.2.1 icmp type echo-request drop`. */
export function textOf(statements: readonly Statement[]): string {
  const text = statements.map(textOfStatement).filter(Boolean).join(' ')
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
}

function textOfStatement(statement: Statement): string {
  if (typeof statement === 'string') return statement
  const [kind = '', value] = Object.entries(statement)[0] ?? []
  const { op, left, right, name, key, data } = (value ?? {}) as Record<string, unknown>
  if (kind === 'match') return `${fieldOf(left)}${op === '!=' ? ' !=' : ''} ${operandOf(right)}`
  if (kind === 'counter') return ''
  if (kind === 'vmap') return `${fieldOf(key)} vmap ${operandOf(data)}`
  if (kind === 'xt') return String(name)
  const target = (value as { target?: unknown } | null)?.target
  return target === undefined ? kind : `${kind} ${target}`
}

function fieldOf(left: unknown): string {
  const { payload, meta, ct } = (left ?? {}) as Record<string, Record<string, unknown> | undefined>
  if (payload) return `${payload.protocol} ${payload.field}`
  if (meta) return /^[io]if/.test(String(meta.key)) ? String(meta.key) : `meta ${meta.key}`
  return ct ? `ct ${ct.key}` : '…'
}

function operandOf(right: unknown): string {
  if (typeof right === 'string' || typeof right === 'number') return String(right)
  if (Array.isArray(right)) return right.map(operandOf).join(',')
  const { prefix, range, set, elem } = (right ?? {}) as Record<string, unknown>
  if (prefix) {
    const { addr, len } = prefix as Record<string, unknown>
    return `${addr}/${len}`
  }
  if (Array.isArray(range)) return range.map(operandOf).join('-')
  if (Array.isArray(set)) return `{ ${set.map(operandOf).join(', ')} }`
  return elem ? operandOf((elem as { val?: unknown }).val) : '…'
}
