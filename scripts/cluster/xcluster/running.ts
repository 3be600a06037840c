import { isAlive } from '../../host/processes.ts'
import { nodeName } from '../../settings/nodes.ts'
import type { Condition } from '../kind.ts'
import { answersSsh } from './login.ts'
import { findXclusterRecord } from './record.ts'

/** The current state of xcluster's cluster. */
export interface XclusterStatus {
  readonly condition: Exclude<Condition, 'on another host'>
  readonly created: string | undefined
  readonly owner: number | undefined
  /** The nodes whose ssh server responds. */
  readonly nodes: readonly { readonly name: string; readonly number: number }[]
}

/** All node numbers of xcluster. */
const NUMBERS = Array.from({ length: 240 }, (_, index) => index + 1)

/** Finds the user's xcluster cluster; undefined when no node responds and no run is starting one. */
export async function findXcluster(stateDirectory: string): Promise<XclusterStatus | undefined> {
  const record = findXclusterRecord(stateDirectory)
  const plans = NUMBERS.map(number => ({ number, name: nodeName(number) }))
  const responds = await Promise.all(plans.map(answersSsh))
  const nodes = plans.filter((_, index) => responds[index])
  const isOwned = record !== undefined && isAlive(record.owner)
  if (nodes.length === 0 && !isOwned) return undefined
  const created = record?.created
  if (!record) return { condition: 'running', created, owner: undefined, nodes }
  if (isOwned) return { condition: 'in use', created, owner: record.owner.pid, nodes }
  return { condition: record.kept ? 'kept' : 'abandoned', created, owner: undefined, nodes }
}
