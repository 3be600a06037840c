import * as v from 'valibot'

/** A statement of a rule in JSON: `{"match": …}`, `{"drop": null}`; a string if it has no JSON form. */
export type Statement = string | Readonly<Record<string, unknown>>

const text = v.string()
const chain = v.looseObject({
  family: text,
  table: text,
  name: text,
  hook: v.optional(text),
  type: v.optional(text),
  prio: v.optional(v.number()),
  policy: v.optional(text),
})
const rule = v.looseObject({
  family: text,
  table: text,
  chain: text,
  expr: v.array(v.union([text, v.record(text, v.unknown())])),
})
const set = v.looseObject({ family: text, table: text, name: text, elem: v.optional(v.array(v.unknown()), []) })
const ruleset = v.object({ nftables: v.array(v.record(text, v.unknown())) })

/** Base chains have a hook. */
export type Chain = v.InferOutput<typeof chain>

/** The parts of an nftables ruleset that are used. */
export interface Ruleset {
  readonly chains: readonly Chain[]
  /** By {@link keyOf} of the chain. */
  readonly rules: ReadonlyMap<string, readonly (readonly Statement[])[]>
  /** Elements of named sets, by {@link keyOf}. */
  readonly sets: ReadonlyMap<string, readonly unknown[]>
}

export const keyOf = (family: string, table: string, name: string): string => `${family} ${table} ${name}`

/** Larger rulesets are ignored: they take too long to evaluate for thousands of pairs. */
const MAX_RULES = 1000

/**
 * Parses the output of `nft -j list ruleset`.
 * @returns undefined if it is invalid or too large
 */
export function readRuleset(json: string): Ruleset | undefined {
  try {
    const { nftables } = v.parse(ruleset, JSON.parse(json))
    const of = (kind: string) => nftables.flatMap(entry => (kind in entry ? [entry[kind]] : []))
    const rules = new Map<string, (readonly Statement[])[]>()
    const entries = of('rule')
    if (entries.length > MAX_RULES) return undefined
    for (const { family, table, chain: name, expr } of entries.map(each => v.parse(rule, each))) {
      const key = keyOf(family, table, name)
      const known = rules.get(key)
      if (known) known.push(expr)
      else rules.set(key, [expr])
    }
    const sets = of('set').map(each => v.parse(set, each))
    return {
      chains: of('chain').map(each => v.parse(chain, each)),
      rules,
      sets: new Map(sets.map(({ family, table, name, elem }) => [keyOf(family, table, name), elem])),
    }
  } catch {
    return undefined
  }
}
