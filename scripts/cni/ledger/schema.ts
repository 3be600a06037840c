import * as v from 'valibot'

const text = v.pipe(v.string(), v.maxLength(65_536))
const short = v.pipe(v.string(), v.maxLength(512))
const MAX_OBJECTS = 100_000

const list = <T extends v.GenericSchema>(schema: T) => v.pipe(v.array(schema), v.maxLength(MAX_OBJECTS))
const optional = <T extends v.GenericSchema>(schema: T) => v.nullish(schema)

const link = v.looseObject({
  ifname: v.optional(short),
  flags: v.array(short),
  address: optional(short),
  master: optional(short),
  linkinfo: optional(
    v.looseObject({
      info_kind: optional(short),
      info_data: optional(v.record(short, v.unknown())),
      info_slave_data: optional(v.record(short, v.unknown())),
    }),
  ),
})
const address = v.looseObject({
  family: short,
  local: v.optional(short),
  prefixlen: v.number(),
  scope: optional(short),
})
const addresses = v.looseObject({ ifname: v.optional(short), addr_info: list(v.looseObject({ ...address.entries })) })
const route = v.looseObject({
  type: optional(short),
  dst: short,
  dev: optional(short),
  table: optional(short),
  protocol: optional(short),
  prefsrc: optional(short),
})
const neighbor = v.looseObject({
  dst: short,
  dev: optional(short),
  lladdr: optional(short),
  state: optional(v.array(short)),
})
const nexthop = v.looseObject({ id: v.number(), dev: optional(short) })
const rule = v.looseObject({ priority: optional(v.number()), src: optional(short) })
const fdb = v.looseObject({
  mac: short,
  ifname: optional(short),
  flags: optional(v.array(short)),
  state: optional(short),
  dst: optional(short),
  master: optional(short),
  vlan: optional(v.number()),
})
const vlan = v.looseObject({ ifname: short, vlans: list(v.looseObject({ vlan: v.number() })) })

/** The outputs of the commands in space.sh. */
export const IP_SCHEMAS = [
  list(link),
  list(addresses),
  list(route),
  list(neighbor),
  list(neighbor),
  list(nexthop),
  list(rule),
] as const
export const RULES_SCHEMA = list(rule)
export const FDB_SCHEMA = list(fdb)
export const VLANS_SCHEMA = list(vlan)
export const NFT_SCHEMA = v.object({ nftables: list(v.record(short, v.record(text, v.unknown()))) })

export type Link = v.InferOutput<typeof link>
export type Addresses = v.InferOutput<typeof addresses>
export type Route = v.InferOutput<typeof route>
export type Neighbor = v.InferOutput<typeof neighbor>
export type Nexthop = v.InferOutput<typeof nexthop>
export type Rule = v.InferOutput<typeof rule>
export type ForwardingEntry = v.InferOutput<typeof fdb>
export type Vlan = v.InferOutput<typeof vlan>

/**
 * Parses the JSON values in the lines of a text.
 * @throws Error for a line that is not JSON
 */
export const jsonLines = (text: string): readonly unknown[] =>
  text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line))
