import * as v from 'valibot'
import { usageFailure } from '../../errors/failure.ts'
import { didYouMean } from '../../errors/suggest.ts'
import type { Network, PluginConfig } from '../network.ts'
import { VERSIONS } from '../runtime/negotiate.ts'
import { isBefore } from '../runtime/result.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/
const TYPE = /^[^/\\\0]+$/

const text = v.string()
const name = v.pipe(text, v.regex(NAME, 'must begin with a letter or digit, and have letters, digits, . _ and - only'))
const type = v.pipe(text, v.regex(TYPE, 'must be a file name'))
const version = v.picklist(VERSIONS, `must be one of ${VERSIONS.join(', ')}`)

const plugin = v.looseObject({
  type,
  capabilities: v.optional(v.record(text, v.boolean())),
  ipam: v.optional(v.looseObject({ type: v.optional(type) })),
})
const common = { cniVersion: version, name }
const list = v.strictObject({
  ...common,
  cniVersions: v.optional(v.pipe(v.array(version), v.minLength(1))),
  disableCheck: v.optional(v.boolean()),
  disableGC: v.optional(v.boolean()),
  loadOnlyInlinedPlugins: v.optional(v.boolean()),
  plugins: v.pipe(v.array(plugin), v.minLength(1, 'is empty')),
})
/** A single plugin, up to version 0.4.0. */
const single = v.looseObject({ ...common, ...plugin.entries })

/** Keys that the specification gives to a plugin. A key that differs only in case is a mistake. */
const PLUGIN_KEYS = ['type', 'capabilities', 'ipam', 'dns', 'ipMasq', 'args']
/** Keys that only the runtime sets. */
const RUNTIME_KEYS = ['runtimeConfig', 'prevResult']

/**
 * Reads a network configuration: a list (`.conflist`), or a single plugin (`.conf`).
 * @param json its text
 * @param file its name, for messages
 * @throws Failure CNI_CONFIG (exit 2) that names the file and the key
 */
export function readNetwork(json: string, file: string): Network {
  const data = parseJson(json, file)
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw invalid(file, 'is not a JSON object')
  const isList = 'plugins' in data || !('type' in data)
  const keys = Object.keys(data)
  if (isList) requireKnownKeys(keys, Object.keys(list.entries), file)
  const parsed = v.safeParse(isList ? list : single, data)
  if (!parsed.success) {
    const [issue] = parsed.issues
    const key = v.getDotPath(issue)
    const isMissing = issue.input === undefined
    throw invalid(file, isMissing ? `has no ${key}` : `${key ? `${key} ` : ''}${messageOf(issue)}`)
  }
  const network = isList ? (parsed.output as Network) : listOf(parsed.output as PluginConfig, file)
  for (const [index, each] of network.plugins.entries()) requirePluginKeys(each, `${file}: plugins.${index}`)
  return network
}

const messageOf = ({ message, input }: { readonly message: string; readonly input: unknown }) =>
  `is ${JSON.stringify(input)?.slice(0, 60)}: ${message}`

function parseJson(json: string, file: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw invalid(file, `is not JSON: ${(cause as Error).message}`, cause)
  }
}

function listOf({ cniVersion, name, ...rest }: PluginConfig, file: string): Network {
  if (!isBefore(cniVersion as string, '1.0.0'))
    throw invalid(file, `has no plugins: version ${cniVersion} has no configuration of a single plugin`)
  return { cniVersion: cniVersion as string, name: name as string, plugins: [rest] }
}

function requireKnownKeys(keys: readonly string[], known: readonly string[], file: string): void {
  const unknown = keys.find(key => !known.includes(key))
  if (unknown === undefined) return
  const hint = didYouMean(unknown, known) ?? `a network has ${known.join(', ')}`
  throw usageFailure('CNI_CONFIG', `${file}: unknown key '${unknown}'`, { hint })
}

function requirePluginKeys(plugin: PluginConfig, where: string): void {
  for (const key of Object.keys(plugin)) {
    if (RUNTIME_KEYS.includes(key)) throw invalid(where, `has ${key}, which only the runtime sets`)
    const meant = PLUGIN_KEYS.find(known => known !== key && known.toLowerCase() === key.toLowerCase())
    if (meant) throw usageFailure('CNI_CONFIG', `${where}: unknown key '${key}'`, { hint: `did you mean ${meant}?` })
  }
}

const invalid = (file: string, why: string, cause?: unknown) =>
  usageFailure('CNI_CONFIG', `${file}: ${why}`, { cause, hint: 'docs/cni.md describes CNI configurations' })
