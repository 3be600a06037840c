import type { Environment } from '../host/environment.ts'
import { Sources, userLayers } from '../settings/sources.ts'
import type { ClusterKind, ResolvedCluster, SettingsRequest } from './kind.ts'
import { KINDS } from './kinds.ts'

/**
 * The cluster kind chosen by `--cluster` or its variable, or else the default.
 * @param options under the names of their variables
 * @throws Failure BAD_VALUE (exit 2)
 */
export function chooseKind(options: Environment, environment: Environment): ClusterKind {
  const fallback = KINDS.find(kind => kind.isDefault(environment)) ?? KINDS[0]
  const sources = new Sources(userLayers(options, environment))
  const names = KINDS.map(({ name }) => name).join(' or ')
  const word = sources.checked('__cluster', fallback.name, names, text => findKind(text) !== undefined)
  return findKind(word) ?? fallback
}

/** Finds a kind by name or alias. */
const findKind = (word: string): ClusterKind | undefined =>
  KINDS.find(({ name, aliases }) => name === word || aliases.includes(word))

/**
 * Resolves the settings and the cluster of a test, from the user, the test, the topology and the cluster kind.
 * @throws Failure naming the option or variable (exit 2), or one of the kind
 */
export async function resolveCluster(request: SettingsRequest): Promise<ResolvedCluster> {
  const kind = await chooseKind(request.options, request.environment).load()
  return await kind.resolve(request)
}
