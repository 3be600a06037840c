import { isIP } from 'node:net'
import * as v from 'valibot'
import type { NodeFacts } from './facts.ts'

const name = v.pipe(v.string(), v.regex(/^[^/\0]{1,255}$/, 'no name'))
const count = (largest: number) => v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(largest))

const address = v.pipe(
  v.looseObject({
    family: v.picklist(['inet', 'inet6']),
    local: v.string(),
    prefixlen: count(128),
    scope: v.string(),
  }),
  v.check(({ family, local }) => isIP(local) === (family === 'inet' ? 4 : 6), 'no address of its family'),
)

const optional = <T extends v.GenericSchema>(schema: T) => v.nullish(schema)

/** `ip` writes null for what an interface does not have. */
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

const route = v.looseObject({
  dst: optional(v.string()),
  dev: optional(v.string()),
  encap: optional(v.string()),
})

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

/** A node's name within a POD's: `br2-vm-001-ns01` says that it is one of vm-001's. */
const NODE_IN_NAME = /(?<![A-Za-z0-9])vm-\d{3}(?!\d)/

/**
 * Checks what a node told by `netns_test status --json`.
 * @param node the node that was asked
 * @throws Error saying what is not as it must be, and where
 */
export function checkStatus(node: string, told: unknown): NodeFacts {
  const { success, output, issues } = v.safeParse(status, told, { abortEarly: true })
  if (!success) {
    const [{ message }] = issues
    throw new Error([v.getDotPath(issues[0]), message].filter(Boolean).join(': '))
  }
  if (output.node !== node) throw new Error(`it says that it is '${output.node}'`)
  const names = new Set<string>()
  for (const { name: podName } of output.pods) {
    if (names.has(podName)) throw new Error(`two PODs are called '${podName}'`)
    names.add(podName)
    const [owner = node] = NODE_IN_NAME.exec(podName) ?? []
    if (owner !== node) throw new Error(`the POD '${podName}' is not one of its own`)
  }
  return output as NodeFacts
}
