import type { Environment } from '../host/environment.ts'
import { Sources, userLayers } from '../settings/sources.ts'
import type { ClusterKind, ResolvedCluster, SettingsRequest } from './kind.ts'
import { KINDS } from './kinds.ts'

/**
 * The kind of cluster that is meant: what `--cluster` or its variable says, else the usual one.
 * @param options under their variables' names
 * @throws Failure BAD_VALUE (exit 2)
 */
export function chooseKind(options: Environment, environment: Environment): ClusterKind {
  const usual = KINDS.find(kind => kind.isUsual(environment)) ?? KINDS[0]
  const sources = new Sources(userLayers(options, environment))
  const names = KINDS.map(({ name }) => name).join(' or ')
  const word = sources.checked('__cluster', usual.name, names, text => findKind(text) !== undefined)
  return findKind(word) ?? usual
}

/** The kind of a name or alias. */
const findKind = (word: string): ClusterKind | undefined =>
  KINDS.find(({ name, aliases }) => name === word || aliases.includes(word))

/**
 * Finds the settings of a test, and its cluster: what the user, the test, the topology and the kind of cluster say.
 * @throws Failure that names the option or variable (exit 2), or of the kind
 */
export async function resolveCluster(request: SettingsRequest): Promise<ResolvedCluster> {
  const kind = await chooseKind(request.options, request.environment).load()
  return await kind.resolve(request)
}
