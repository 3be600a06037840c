import type { Sources } from './sources.ts'

/** Workers have the PODs. */
export type Role = 'worker' | 'router' | 'tester'

export interface NodePlan {
  /** 1–200 workers, 201–220 routers, 221–240 testers. */
  readonly number: number
  readonly name: string
  readonly role: Role
  readonly memoryMiB: number
  readonly cpus: number
  /** Net numbers of its interfaces, eth0 first. */
  readonly nets: readonly number[]
}

const ROLES: readonly { role: Role; variable: string; first: number; min: number; max: number; fallback: number }[] = [
  { role: 'worker', variable: '__nvm', first: 1, min: 1, max: 200, fallback: 4 },
  { role: 'router', variable: '__nrouters', first: 201, min: 0, max: 20, fallback: 0 },
  { role: 'tester', variable: '__ntesters', first: 221, min: 0, max: 20, fallback: 0 },
]
const NETS: Readonly<Record<Role, { variable: string; fallback: string }>> = {
  worker: { variable: '__nets_vm', fallback: '0,1' },
  router: { variable: '__nets_router', fallback: '0,1,2' },
  tester: { variable: '__nets_tester', fallback: '0,2' },
}
/** With less memory the guest does not boot. */
const MIN_MEMORY_MIB = 96

/** The fields of an event that describe the nodes of a cluster. */
export const countAndNames = (nodes: readonly Pick<NodePlan, 'name'>[]) => ({
  nodes: nodes.length,
  names: nodes.map(({ name }) => name),
})

export const countOfVms = ({ length }: readonly unknown[]): string => (length === 1 ? '1 VM' : `${length} VMs`)

export const countOfNodes = ({ length }: readonly unknown[]): string => (length === 1 ? '1 node' : `${length} nodes`)

export const nodeName = (number: number): string => `vm-${String(number).padStart(3, '0')}`

/** The role of a node number; undefined for a number that xcluster does not use. */
export const roleOf = (number: number): Role | undefined =>
  ROLES.find(({ first, max }) => number >= first && number < first + max)?.role

/**
 * Reads the nodes of the cluster, ordered by number, from xcluster's variables: `__nvm`, `__nrouters`, `__ntesters`,
 * `__mem`, `__smp`, `__nets_vm`, `__nets_router`, `__nets_tester`, and `__mem<N>`, `__smp<N>`, `__nets<N>` for node N.
 * @throws Failure BAD_VALUE (exit 2)
 */
export function readNodes(sources: Sources): readonly NodePlan[] {
  const memory = sources.integer('__mem', 256, MIN_MEMORY_MIB, 1 << 20)
  const cpus = sources.integer('__smp', 1, 1, 255)
  return Object.freeze(
    ROLES.flatMap(({ role, variable, first, min, max, fallback }) => {
      const count = sources.integer(variable, fallback, min, max)
      const nets = count > 0 ? readNets(sources, NETS[role].variable, NETS[role].fallback) : []
      return Array.from({ length: count }, (_, index): NodePlan => {
        const number = first + index
        return Object.freeze({
          number,
          name: nodeName(number),
          role,
          memoryMiB: nodeValue(sources, `__mem${number}`, memory, MIN_MEMORY_MIB, 1 << 20),
          cpus: nodeValue(sources, `__smp${number}`, cpus, 1, 255),
          nets: sources.has(`__nets${number}`) ? readNets(sources, `__nets${number}`, '') : nets,
        })
      })
    }),
  )
}

/** Looks up a node's own value only if it is set, so that `env` does not list hundreds of defaults. */
function nodeValue(sources: Sources, name: string, common: number, min: number, max: number): number {
  return sources.has(name) ? sources.integer(name, common, min, max) : common
}

function readNets(sources: Sources, variable: string, fallback: string): readonly number[] {
  const expected = 'unique net numbers from 0 to 254, beginning with 0, such as 0,1,3'
  return Object.freeze(netsOf(sources.checked(variable, fallback, expected, text => areNets(netsOf(text)))))
}

const netsOf = (text: string) => text.split(',').map(net => (/^\d{1,3}$/.test(net) ? Number(net) : Number.NaN))

/** At most 254, because the net number is a byte of the MAC and IPv4 addresses. */
const areNets = (nets: readonly number[]) =>
  nets[0] === 0 && nets.every(net => net <= 254) && new Set(nets).size === nets.length
