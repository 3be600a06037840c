import process from 'node:process'
import { chooseKind } from '../../cluster/choose.ts'
import type { StopRequest } from '../../cluster/kind.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Environment } from '../../host/environment.ts'

/** Options of `stop`. */
export interface StopOptions {
  readonly all?: true
  readonly abandoned?: true
  readonly name?: string
  readonly cluster?: string
}

/**
 * `stop`: stops clusters and removes their files.
 * @param named a cluster's name, as with `--name`
 * @throws Failure NO_CLUSTER (exit 3) when the named cluster is not running; of xcluster's `stop`
 */
export async function stopClusters(
  named: string | undefined,
  { all, abandoned, name = named, cluster }: StopOptions,
  environment: Environment,
  signal: AbortSignal,
): Promise<void> {
  const request: StopRequest = {
    options: { __name: name },
    environment,
    which: abandoned ? 'abandoned' : 'any',
    onLine: line => process.stderr.write(`${line}\n`),
    signal,
  }
  if (all) {
    for (const kind of KINDS) await (await kind.load()).stopAll(request)
    return
  }
  const kind =
    named !== undefined && cluster === undefined
      ? await kindOfCluster(named, environment)
      : chooseKind({ __cluster: cluster }, environment)
  await (await kind.load()).stop(request)
}

/** The kind that has a cluster of this name; otherwise the first kind. */
async function kindOfCluster(name: string, environment: Environment) {
  for (const kind of KINDS) {
    if ((await kind.load()).names(environment).includes(name)) return kind
  }
  return KINDS[0]
}
