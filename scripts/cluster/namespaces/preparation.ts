import { Failure } from '../../errors/failure.ts'
import { callersEnvironment } from '../../host/environment.ts'
import { requireUserNamespaces } from '../../host/user-namespaces.ts'
import type { Preparation } from '../kind.ts'
import { readUserMaps, requireGroups } from './user-maps.ts'

/** Never fails: a host without namespaces can still run VMs. */
export const preparation: Preparation = {
  ability: () => {
    const why = obstacle()
    return { kind: 'namespaces', works: why === undefined, how: why ?? "this host's kernel, no emulation" }
  },
  make: async ({ onLine }) => onLine(describeNamespaces()),
  check: async ({ onLine }) => {
    onLine(describeNamespaces())
    return undefined
  },
}

/** A line for `setup`: whether this host supports clusters of namespaces. */
function describeNamespaces(): string {
  const why = obstacle()
  return why === undefined ? 'namespaces: work: --cluster namespaces' : `namespaces: do not work: ${why}`
}

/** Why this host does not support clusters of namespaces; undefined if it does. */
function obstacle(): string | undefined {
  try {
    readUserMaps()
    requireUserNamespaces(callersEnvironment)
    requireGroups()
    return undefined
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return `${error.message}${error.hint ? ` (${error.hint})` : ''}`
  }
}
