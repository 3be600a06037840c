import { infrastructureFailure } from '../../errors/failure.ts'
import { type ProcessId, processState } from '../../host/processes.ts'
import { recordedProcesses } from './records.ts'

/** The name of the first process of a cluster of namespaces. */
export const WORLD = 'world'

/** The number of the net whose switch has this name. */
const netOfSwitch = (name: string): string | undefined => /^net(\d+)$/.exec(name)?.[1]

/** A process without which a test on the cluster proves nothing. */
export interface Part {
  /** As it is called in a message: `vm-002`, `the switch of net 1`. */
  readonly what: string
  readonly id: ProcessId
  /** A switch that is stopped delivers nothing; a VM that is stopped does not answer, which its steps notice. */
  readonly isSwitch: boolean
}

/** The nodes and switches of a cluster that is up; of one of namespaces, also the process that holds all nodes. */
export const partsOf = (clusterDirectory: string, nodes: readonly { readonly name: string }[]): readonly Part[] =>
  recordedProcesses(clusterDirectory).flatMap(({ name, id }): Part[] => {
    const net = netOfSwitch(name)
    if (net !== undefined) return [{ what: `the switch of net ${net}`, id, isSwitch: true }]
    if (name === WORLD) return [{ what: "the cluster's first process", id, isSwitch: false }]
    return nodes.some(node => node.name === name) ? [{ what: name, id, isSwitch: false }] : []
  })

/** @throws Failure CLUSTER_BROKEN (exit 4) naming what has ended, or delivers nothing */
export function requireParts(parts: readonly Part[]): void {
  const broken = parts.flatMap(({ what, id, isSwitch }) => {
    const condition = processState(id)
    if (condition === 'gone') return [`${what} has ended`]
    return isSwitch && condition === 'stopped' ? [`${what} was stopped (process ${id.pid})`] : []
  })
  if (broken.length > 0)
    throw infrastructureFailure('CLUSTER_BROKEN', `the cluster broke while the test ran: ${broken.join(', ')}`)
}
