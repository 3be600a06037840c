import { Failure } from '../../errors/failure.ts'
import { callersEnvironment } from '../../host/environment.ts'
import { requireUserNamespaces } from '../../host/user-namespaces.ts'
import type { Preparation } from '../kind.ts'
import { readUserMaps } from './users.ts'

/** Never fails: a host without namespaces can still run VMs. */
export const preparation: Preparation = {
  ability: () => {
    const line = describeNamespaces()
    const works = line.startsWith('namespaces: work')
    const how = works ? "this host's kernel, no emulation" : line.replace('namespaces: do not work: ', '')
    return { kind: 'namespaces', works, how }
  },
  make: async ({ onLine }) => onLine(describeNamespaces()),
  check: async ({ onLine }) => {
    onLine(describeNamespaces())
    return undefined
  },
}

/** A line for `setup`: whether this host supports clusters of namespaces. */
export function describeNamespaces(): string {
  try {
    readUserMaps()
    requireUserNamespaces(callersEnvironment)
    return 'namespaces: work: --cluster namespaces'
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return `namespaces: do not work: ${error.message}${error.hint ? ` (${error.hint})` : ''}`
  }
}
