import { isIP } from 'node:net'
import * as v from 'valibot'
import type { NodeFacts } from './facts.ts'

const name = v.pipe(v.string(), v.regex(/^[^/\0]{1,255}$/, 'invalid name'))
const count = (largest: number) => v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(largest))

const address = v.pipe(
  v.looseObject({
    family: v.picklist(['inet', 'inet6']),
    local: v.string(),
    prefixlen: count(128),
    scope: v.string(),
  }),
  v.check(({ family, local }) => isIP(local) === (family === 'inet' ? 4 : 6), 'not an address of its family'),
)

const optional = <T extends v.GenericSchema>(schema: T) => v.nullish(schema)

/** `ip` writes null for missing members. */
const networkInterface = v.looseObject({
  ifname: name,
  ifindex: count(2 ** 31),
  link: optional(v.string()),
  link_index: optional(count(2 ** 31)),
  master: optional(v.string()),
  operstate: optional(v.string()),
  flags: v.array(v.string()),
  address: optional(v.string()),
  mtu: optional(count(2 ** 32)),
  linkinfo: optional(
    v.looseObject({ info_kind: optional(v.string()), info_data: optional(v.record(v.string(), v.unknown())) }),
  ),
  addr_info: v.array(address),
})

const encapsulation = v.looseObject({ encap_type: v.string(), dst: optional(v.string()) })

/**
 * Before iproute2 6.13, `encap` is the type, and the last `dst` is the tunnel's remote end. Later versions print an
 * object with both. Here all routes have the older form.
 */
const route = v.pipe(
  v.looseObject({
    dst: optional(v.string()),
    dev: optional(v.string()),
    encap: optional(v.union([v.string(), encapsulation], 'neither a type of encapsulation nor an object')),
  }),
  v.transform(given => {
    const { encap } = given
    if (typeof encap !== 'object' || encap === null) return given
    return { ...given, encap: encap.encap_type, dst: encap.dst ?? given.dst }
  }),
)

const pod = v.looseObject({ name, interfaces: v.array(networkInterface), routes: v.array(route) })

const status = v.looseObject({
  node: name,
  npods: v.optional(count(254)),
  interfaces: v.array(networkInterface),
  routes: v.array(route),
  pods: v.array(pod),
  foreign: v.optional(v.array(pod)),
  stale: v.optional(v.array(name)),
})

/** The node's name in a POD's name: vm-001 in `br2-vm-001-ns01`. */
const NODE_IN_NAME = /(?<![A-Za-z0-9])vm-\d{3}(?!\d)/

/**
 * Validates the output of `netns_test status --json`.
 * @param node the node that sent it
 * @throws Error with the path and reason of the first violation
 */
export function checkStatus(node: string, json: unknown): NodeFacts {
  const { success, output, issues } = v.safeParse(status, json, { abortEarly: true })
  if (!success) {
    const [{ message }] = issues
    throw new Error([v.getDotPath(issues[0]), message].filter(Boolean).join(': '))
  }
  if (output.node !== node) throw new Error(`it is the status of '${output.node}'`)
  const names = new Set<string>()
  for (const { name: podName } of output.pods) {
    if (names.has(podName)) throw new Error(`duplicate POD '${podName}'`)
    names.add(podName)
    const [owner = node] = NODE_IN_NAME.exec(podName) ?? []
    if (owner !== node) throw new Error(`POD '${podName}' belongs to ${owner}`)
  }
  return output as NodeFacts
}
