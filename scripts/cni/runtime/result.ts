import { isIP } from 'node:net'
import * as v from 'valibot'

/** An interface in a result. */
export interface ResultInterface {
  readonly name: string
  readonly mac?: string | undefined
  /** The path of the container's network namespace; missing or empty for an interface of the node. */
  readonly sandbox?: string | undefined
  readonly mtu?: number | undefined
}

export interface ResultIp {
  /** With its prefix length. */
  readonly address: string
  readonly gateway?: string | undefined
  /** An index of `interfaces`. */
  readonly interface?: number | undefined
}

export interface ResultRoute {
  readonly dst: string
  readonly gw?: string | undefined
}

export interface ResultDns {
  readonly nameservers?: readonly string[] | undefined
  readonly domain?: string | undefined
  readonly search?: readonly string[] | undefined
  readonly options?: readonly string[] | undefined
}

/** The result of ADD, of any version since 0.3.0, with unknown members. */
export interface Result {
  readonly cniVersion?: string | undefined
  readonly interfaces?: readonly ResultInterface[] | undefined
  readonly ips?: readonly ResultIp[] | undefined
  readonly routes?: readonly ResultRoute[] | undefined
  readonly dns?: ResultDns | undefined
}

/** The error of a plugin. */
export interface PluginError {
  readonly code: number
  readonly msg: string
  readonly details?: string | undefined
}

/** The answer to VERSION. */
export interface VersionAnswer {
  readonly cniVersion?: string | undefined
  readonly supportedVersions: readonly string[]
}

const text = v.string()
const texts = v.array(text)
const optional = <T extends v.GenericSchema>(schema: T) => v.nullish(schema)
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const ip = v.pipe(
  text,
  v.check(value => isIP(value) !== 0, 'not an IP address'),
)
const prefix = v.pipe(
  text,
  v.check(value => {
    const [address = '', length = ''] = value.split('/')
    return isIP(address) !== 0 && /^\d{1,3}$/.test(length) && Number(length) <= (isIP(address) === 4 ? 32 : 128)
  }, 'not an address with a prefix length'),
)

const networkInterface = v.looseObject({
  name: v.pipe(text, v.minLength(1)),
  mac: optional(text),
  sandbox: optional(text),
  mtu: optional(count),
})
const assigned = { address: prefix, gateway: optional(ip), interface: optional(count) }
const IPS = {
  /** Up to version 0.4.0. */
  old: v.looseObject({ version: v.picklist(['4', '6']), ...assigned }),
  new: v.looseObject(assigned),
}
const route = v.looseObject({ dst: prefix, gw: optional(ip) })
const dns = v.looseObject({
  nameservers: optional(texts),
  domain: optional(text),
  search: optional(texts),
  options: optional(texts),
})

const resultOf = (ips: typeof IPS.old | typeof IPS.new) =>
  v.looseObject({
    cniVersion: optional(text),
    interfaces: optional(v.array(networkInterface)),
    ips: optional(v.array(ips)),
    routes: optional(v.array(route)),
    dns: optional(dns),
  })
const RESULTS = { old: resultOf(IPS.old), new: resultOf(IPS.new) }

const error = v.looseObject({ code: v.pipe(v.number(), v.integer()), msg: text, details: optional(text) })
const versions = v.looseObject({ cniVersion: optional(text), supportedVersions: texts })

/** A parsed answer, or why it is invalid. */
export type Parsed<T> = { readonly value: T } | { readonly why: string }

/**
 * Parses the result of ADD.
 * @param version of the network
 */
export const parseResult = (json: string, version: string): Parsed<Result> =>
  parse(isBefore(version, '1.0.0') ? RESULTS.old : RESULTS.new, json) as Parsed<Result>

/** Plugins write errors to stderr (section 2), and those of libcni's skeleton to stdout. */
export function parseError(stdout: string, stderr: string): PluginError | undefined {
  for (const output of [stdout, stderr]) {
    const found = parse(error, output)
    if ('value' in found) return found.value as PluginError
  }
  return undefined
}

export const parseVersions = (json: string): Parsed<VersionAnswer> => parse(versions, json) as Parsed<VersionAnswer>

function parse<T extends v.GenericSchema>(schema: T, json: string): Parsed<v.InferOutput<T>> {
  let data: unknown
  try {
    data = JSON.parse(json)
  } catch (cause) {
    return { why: json.trim() === '' ? 'printed nothing' : `printed no JSON: ${(cause as Error).message}` }
  }
  const parsed = v.safeParse(schema, data)
  if (parsed.success) return { value: parsed.output }
  const [issue] = parsed.issues
  return { why: `${v.getDotPath(issue) ?? 'the document'}: ${issue.message}` }
}

/** Compares versions of the specification. */
export function isBefore(one: string, other: string): boolean {
  const [a, b] = [one, other].map(version => version.split('.').map(Number))
  for (let part = 0; part < 3; part++) {
    const difference = (a?.[part] ?? 0) - (b?.[part] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
