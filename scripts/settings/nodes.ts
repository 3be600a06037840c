import type { Sources } from './sources.ts'

/** What a VM is for. Workers hold the PODs. */
export type Role = 'worker' | 'router' | 'tester'

/** One VM before it exists: its number and its hardware. */
export interface NodePlan {
  /** 1–200 workers, 201–220 routers, 221–240 testers. */
  readonly number: number
  /** `vm-001` */
  readonly name: string
  readonly role: Role
  readonly memoryMiB: number
  readonly cpus: number
  /** Numbers of the nets of its interfaces, eth0 first. */
  readonly nets: readonly number[]
}

const KINDS: readonly { role: Role; variable: string; first: number; most: number; fewest: number; count: number }[] = [
  { role: 'worker', variable: '__nvm', first: 1, fewest: 1, most: 200, count: 4 },
  { role: 'router', variable: '__nrouters', first: 201, fewest: 0, most: 20, count: 0 },
  { role: 'tester', variable: '__ntesters', first: 221, fewest: 0, most: 20, count: 0 },
]
const NETS: Readonly<Record<Role, { variable: string; fallback: string }>> = {
  worker: { variable: '__nets_vm', fallback: '0,1' },
  router: { variable: '__nets_router', fallback: '0,1,2' },
  tester: { variable: '__nets_tester', fallback: '0,2' },
}
/** Below this the guest does not get to its login. */
const LEAST_MEMORY_MIB = 96

/** For messages. */
/** The nodes of a cluster, as an event tells them. */
export const countAndNames = (nodes: readonly Pick<NodePlan, 'name'>[]) => ({
  nodes: nodes.length,
  names: nodes.map(({ name }) => name),
})

export const countOfVms = ({ length }: readonly unknown[]): string => (length === 1 ? '1 VM' : `${length} VMs`)

export const countOfNodes = ({ length }: readonly unknown[]): string => (length === 1 ? '1 node' : `${length} nodes`)

export const nodeName = (number: number): string => `vm-${String(number).padStart(3, '0')}`

/** What the VM of a number is for; undefined where xcluster has no VM of it. */
export const roleOf = (number: number): Role | undefined =>
  KINDS.find(({ first, most }) => number >= first && number < first + most)?.role

/**
 * The VMs of the cluster, in the order of their numbers, by xcluster's variables: `__nvm`, `__nrouters`, `__ntesters`,
 * `__mem`, `__smp`, `__nets_vm`, `__nets_router`, and `__mem<N>`, `__smp<N>`, `__nets<N>` for node N alone.
 * @throws Failure BAD_VALUE (exit 2)
 */
export function readNodes(sources: Sources): readonly NodePlan[] {
  const memory = sources.integer('__mem', 256, LEAST_MEMORY_MIB, 1 << 20)
  const cpus = sources.integer('__smp', 1, 1, 255)
  return Object.freeze(
    KINDS.flatMap(({ role, variable, first, fewest, most, count }) => {
      const present = sources.integer(variable, count, fewest, most)
      const nets = present > 0 ? readNets(sources, NETS[role].variable, NETS[role].fallback) : []
      return Array.from({ length: present }, (_, index): NodePlan => {
        const number = first + index
        return Object.freeze({
          number,
          name: nodeName(number),
          role,
          memoryMiB: own(sources, `__mem${number}`, memory, LEAST_MEMORY_MIB, 1 << 20),
          cpus: own(sources, `__smp${number}`, cpus, 1, 255),
          nets: sources.has(`__nets${number}`) ? readNets(sources, `__nets${number}`, '') : nets,
        })
      })
    }),
  )
}

/** A node's own value where there is one: asked only then, so that `env` does not list hundreds of defaults. */
function own(sources: Sources, name: string, common: number, smallest: number, largest: number): number {
  return sources.has(name) ? sources.integer(name, common, smallest, largest) : common
}

function readNets(sources: Sources, variable: string, fallback: string): readonly number[] {
  const wanted = 'different net numbers from 0 to 254, 0 first, as in 0,1,3'
  return Object.freeze(netsOf(sources.checked(variable, fallback, wanted, text => areNets(netsOf(text)))))
}

const netsOf = (text: string) => text.split(',').map(net => (/^\d{1,3}$/.test(net) ? Number(net) : Number.NaN))

/** 254: the net number is a byte of the MAC and of the IPv4 address. */
const areNets = (nets: readonly number[]) =>
  nets[0] === 0 && nets.every(net => net <= 254) && new Set(nets).size === nets.length
