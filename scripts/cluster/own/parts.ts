import { infrastructureFailure } from '../../errors/failure.ts'
import { type ProcessId, processState } from '../../host/processes.ts'
import { recordedProcesses } from './records.ts'

/** The name of the first process of namespaces. */
export const WORLD = 'world'

/** The number of the net whose switch has this name. */
const netOfSwitch = (name: string): string | undefined => /^net(\d+)$/.exec(name)?.[1]

/** A process that must run during a test. */
export interface Part {
  /** For messages: `vm-002`, `the switch of net 1`. */
  readonly what: string
  readonly id: ProcessId
  /** A switch must not be stopped either. Steps notice a stopped VM. */
  readonly isSwitch: boolean
}

/** The running processes that a test on these nodes depends on: nodes, switches, the world. */
export const partsOf = (clusterDirectory: string, nodes: readonly { readonly name: string }[]): readonly Part[] =>
  recordedProcesses(clusterDirectory).flatMap(({ name, id }): Part[] => {
    const net = netOfSwitch(name)
    if (net !== undefined) return [{ what: `the switch of net ${net}`, id, isSwitch: true }]
    if (name === WORLD) return [{ what: "the cluster's first process", id, isSwitch: false }]
    return nodes.some(node => node.name === name) ? [{ what: name, id, isSwitch: false }] : []
  })

/** @throws Failure CLUSTER_BROKEN (exit 4) naming what has ended or was stopped */
export function requireParts(parts: readonly Part[]): void {
  const broken = parts.flatMap(({ what, id, isSwitch }) => {
    const condition = processState(id)
    if (condition === 'gone') return [`${what} has ended`]
    return isSwitch && condition === 'stopped' ? [`${what} was stopped (process ${id.pid})`] : []
  })
  if (broken.length > 0)
    throw infrastructureFailure('CLUSTER_BROKEN', `the cluster broke while the test ran: ${broken.join(', ')}`)
}
