import { lookUpVerdict, matches, type Packet, type Tristate } from './rule-match.ts'
import { textOf } from './rule-text.ts'
import { type Chain, keyOf, type Ruleset, type Statement } from './ruleset.ts'

/** The effect of rules on a packet; `changed`: rewritten or redirected, so its further path is unknown. */
export type Outcome = 'passes' | 'changed' | 'unknown' | { readonly drops: string }

/** The kernel's limit of nested chains. */
const MAX_DEPTH = 16
const CHANGES = ['snat', 'dnat', 'masquerade', 'redirect', 'tproxy', 'fwd', 'dup']
/** Statements without effect on the packet. */
const HARMLESS = ['counter', 'log', 'notrack', 'ct helper']
/** Bounds the time for chains with many nested calls. */
const MAX_STEPS = 2000

/**
 * Evaluates the chains of some hooks in order, by priority at each hook. A rule drops the packet only if all its parts
 * are understood and its counter, if any, is not zero.
 * @param families of the chains that the packet traverses
 */
export function evaluate(
  ruleset: Ruleset,
  families: readonly string[],
  hooks: readonly string[],
  packet: Packet,
): Outcome {
  const walk = new ChainWalk(ruleset, packet)
  let result: Outcome = 'passes'
  for (const hook of hooks) {
    const chains = ruleset.chains
      .filter(chain => chain.hook === hook && families.includes(chain.family))
      .sort((a, b) => (a.prio ?? 0) - (b.prio ?? 0))
    for (const chain of chains) {
      const end = walk.through(chain, 0)
      if (typeof end === 'object' || end === 'changed') return end
      if (end === 'unknown') result = end
      else if (end === 'continues' && chain.policy === 'drop')
        return { drops: `the policy of ${nameOf(chain)} drops packets` }
    }
  }
  return result
}

const nameOf = ({ family, table, name }: Chain): string => `chain ${name} of table ${family} ${table}`

/** How a packet leaves a chain; `continues`: at its end. */
type End = 'continues' | 'accepted' | 'changed' | 'unknown' | { readonly drops: string }

/** Traverses chains with a packet. */
class ChainWalk {
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
      if (end === 'returns') return 'continues'
      if (end !== 'continues') return end
    }
    return 'continues'
  }

  #rule(chain: Chain, statements: readonly Statement[], depth: number): End | 'returns' {
    const elementsOf = (name: string) => this.#ruleset.sets.get(keyOf(chain.family, chain.table, name))
    const counted = countOf(statements)
    let matched: Tristate = true
    for (const statement of statements) {
      // Statements without a JSON form are strings.
      if (typeof statement === 'string') return 'unknown'
      const [kind = '', value] = Object.entries(statement)[0] ?? []
      if (kind === 'match') {
        const met = matches((value ?? {}) as Record<string, unknown>, this.#packet, elementsOf)
        if (met === false) return 'continues'
        if (met === undefined) matched = undefined
      } else if (CHANGES.includes(kind) || isTarget(value, 'SNAT', 'DNAT', 'MASQUERADE', 'REDIRECT')) return 'changed'
      else if (isTypeOfIcmp(value) && counted) {
        // The JSON omits the ICMP type; a rule about pings is taken to match the request.
        if (this.#packet.isReply) return 'continues'
      } else if (!HARMLESS.includes(kind) && !isComment(value)) {
        const verdict = kind === 'vmap' ? this.#mapped(value) : statement
        const end = verdict === undefined ? 'unknown' : this.#verdict(chain, verdict, statements, depth)
        if (end === 'none') matched = kind === 'vmap' ? matched : undefined
        // A zero counter: such packets never reach this rule.
        else if (matched) return counted === 0 ? 'unknown' : end
        // A rule that may match is ignored if it has never matched or would drop; otherwise the result is unknown.
        else return counted === 0 || typeof end === 'object' ? 'continues' : 'unknown'
      }
    }
    return 'continues'
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
        return end === 'continues' && kind === 'goto' ? 'returns' : end
      }
      case 'xt':
        return isTarget(value, 'REJECT', 'DROP') ? dropped() : 'none'
      default:
        return 'none'
    }
  }

  #mapped(value: unknown): unknown {
    const { key, data } = (value ?? {}) as Record<string, unknown>
    return lookUpVerdict(key, data, this.#packet)
  }
}

/** Packets counted by the first counter. */
function countOf(statements: readonly Statement[]): number | undefined {
  for (const statement of statements) {
    if (typeof statement === 'string' || !('counter' in statement)) continue
    const { packets } = (statement.counter ?? {}) as { packets?: unknown }
    return typeof packets === 'number' ? packets : undefined
  }
  return undefined
}

/** The JSON has only the names of iptables extensions. */
const isMatch = (value: unknown, ...names: readonly string[]): boolean => isExtension('match', value, names)
const isTarget = (value: unknown, ...names: readonly string[]): boolean => isExtension('target', value, names)
const isComment = (value: unknown) => isMatch(value, 'comment')
const isTypeOfIcmp = (value: unknown) => isMatch(value, 'icmp', 'icmp6')

function isExtension(kind: string, value: unknown, names: readonly string[]): boolean {
  const { type, name } = (value ?? {}) as { type?: string; name?: string }
  return type === kind && name !== undefined && names.includes(name)
}
