import { lookUpVerdict, matches, type Packet, type Tristate } from './rule-match.ts'
import { textOf } from './rule-text.ts'
import { type Chain, keyOf, type Ruleset, type Statement } from './ruleset.ts'

/**
 * What rules do with a packet: let it pass, drop it, change it into another one, of which nothing is known here, or something that cannot
 * be told.
 */
export type Outcome = 'passes' | 'changed' | 'unknown' | { readonly drops: string }

/** Chains that call each other deeper than the kernel allows are no ruleset. */
const MAX_DEPTH = 16
const CHANGES = ['snat', 'dnat', 'masquerade', 'redirect', 'tproxy', 'fwd', 'dup']
/** Statements that let a packet go on as it is. */
const HARMLESS = ['counter', 'log', 'notrack', 'ct helper']
/** Chains that call each other in many ways would take for ever. */
const MAX_STEPS = 2000

/**
 * What the chains at some places of a packet's way do with it, one place after the other, by priority at each. Only a rule that is
 * understood in all its parts is said to drop the packet, and one with a counter only if that has counted something.
 * @param families whose chains the packet meets
 */
export function evaluate(
  ruleset: Ruleset,
  families: readonly string[],
  hooks: readonly string[],
  packet: Packet,
): Outcome {
  const walk = new Walk(ruleset, packet)
  let said: Outcome = 'passes'
  for (const hook of hooks) {
    const chains = ruleset.chains
      .filter(chain => chain.hook === hook && families.includes(chain.family))
      .sort((a, b) => (a.prio ?? 0) - (b.prio ?? 0))
    for (const chain of chains) {
      const end = walk.through(chain, 0)
      if (typeof end === 'object' || end === 'changed') return end
      if (end === 'unknown') said = end
      else if (end === 'on' && chain.policy === 'drop') return { drops: `the policy of ${nameOf(chain)} drops packets` }
    }
  }
  return said
}

const nameOf = ({ family, table, name }: Chain): string => `chain ${name} of table ${family} ${table}`

/** How a packet leaves a chain; `on`: by its end. */
type End = 'on' | 'accepted' | 'changed' | 'unknown' | { readonly drops: string }

/** A packet's way through chains. */
class Walk {
  readonly #ruleset: Ruleset
  readonly #packet: Packet
  #steps = 0

  constructor(ruleset: Ruleset, packet: Packet) {
    this.#ruleset = ruleset
    this.#packet = packet
  }

  through(chain: Chain, depth: number): End {
    if (depth > MAX_DEPTH) return 'unknown'
    for (const statements of this.#ruleset.rules.get(keyOf(chain.family, chain.table, chain.name)) ?? []) {
      if (++this.#steps > MAX_STEPS) return 'unknown'
      const end = this.#rule(chain, statements, depth)
      if (end === 'returns') return 'on'
      if (end !== 'on') return end
    }
    return 'on'
  }

  #rule(chain: Chain, statements: readonly Statement[], depth: number): End | 'returns' {
    const elementsOf = (name: string) => this.#ruleset.sets.get(keyOf(chain.family, chain.table, name))
    const counted = countOf(statements)
    let isMet: Tristate = true
    for (const statement of statements) {
      // nft has no JSON for it.
      if (typeof statement === 'string') return 'unknown'
      const [kind = '', value] = Object.entries(statement)[0] ?? []
      if (kind === 'match') {
        const met = matches((value ?? {}) as Record<string, unknown>, this.#packet, elementsOf)
        if (met === false) return 'on'
        if (met === undefined) isMet = undefined
      } else if (CHANGES.includes(kind) || isTarget(value, 'SNAT', 'DNAT', 'MASQUERADE', 'REDIRECT')) return 'changed'
      else if (isTypeOfIcmp(value) && counted) {
        // Hidden is which one: a rule about pings names the request.
        if (this.#packet.isReply) return 'on'
      } else if (!HARMLESS.includes(kind) && !isComment(value)) {
        const verdict = kind === 'vmap' ? this.#mapped(value) : statement
        const end = verdict === undefined ? 'unknown' : this.#verdict(chain, verdict, statements, depth)
        if (end === 'none') isMet = kind === 'vmap' ? isMet : undefined
        // A packet that it meets has never got here.
        else if (isMet) return counted === 0 ? 'unknown' : end
        // Of a rule that may meet the packet nothing is said, but where it has never met one.
        else return counted === 0 || typeof end === 'object' ? 'on' : 'unknown'
      }
    }
    return 'on'
  }

  #verdict(chain: Chain, verdict: unknown, statements: readonly Statement[], depth: number): End | 'returns' | 'none' {
    const [kind = '', value] = Object.entries((verdict ?? {}) as Record<string, unknown>)[0] ?? []
    const dropped = () => ({ drops: `a rule of ${nameOf(chain)} drops packets: ${textOf(statements)}` })
    switch (kind) {
      case 'drop':
      case 'reject':
        return dropped()
      case 'accept':
        return 'accepted'
      case 'return':
        return 'returns'
      case 'queue':
        return 'unknown'
      case 'jump':
      case 'goto': {
        const target = (value as { target?: string } | null)?.target
        const called = this.#ruleset.chains.find(
          ({ family, table, name }) => family === chain.family && table === chain.table && name === target,
        )
        const end = called ? this.through(called, depth + 1) : 'unknown'
        return end === 'on' && kind === 'goto' ? 'returns' : end
      }
      case 'xt':
        return isTarget(value, 'REJECT', 'DROP') ? dropped() : 'none'
      default:
        return 'none'
    }
  }

  /** The verdict that a map has for the packet; undefined where that cannot be told, null where it has none. */
  #mapped(value: unknown): unknown {
    const { key, data } = (value ?? {}) as Record<string, unknown>
    return lookUpVerdict(key, data, this.#packet)
  }
}

/** Of the first counter, how many packets it has seen. */
function countOf(statements: readonly Statement[]): number | undefined {
  for (const statement of statements) {
    if (typeof statement === 'string' || !('counter' in statement)) continue
    const { packets } = (statement.counter ?? {}) as { packets?: unknown }
    return typeof packets === 'number' ? packets : undefined
  }
  return undefined
}

/** Of the extensions of iptables only names are told. */
const isMatch = (value: unknown, ...names: readonly string[]): boolean => isExtension('match', value, names)
const isTarget = (value: unknown, ...names: readonly string[]): boolean => isExtension('target', value, names)
const isComment = (value: unknown) => isMatch(value, 'comment')
const isTypeOfIcmp = (value: unknown) => isMatch(value, 'icmp', 'icmp6')

function isExtension(kind: string, value: unknown, names: readonly string[]): boolean {
  const { type, name } = (value ?? {}) as { type?: string; name?: string }
  return type === kind && name !== undefined && names.includes(name)
}
