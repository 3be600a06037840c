import process from 'node:process'
import { settle } from '../cluster/settle.ts'
import { destroyCluster, type FoundCluster, findClusters, noCluster } from '../cluster/vm/registry.ts'
import { findXclusterRecord, forgetXcluster } from '../cluster/xcluster/record.ts'
import { findXcluster } from '../cluster/xcluster/running.ts'
import { stopCluster } from '../cluster/xcluster/xcluster.ts'
import { environmentFailure } from '../errors/failure.ts'
import type { ClusterKind, Directories } from '../settings/settings.ts'
import type { Environment } from '../settings/sources.ts'

/** What is asked of `stop`. */
export interface StopRequest {
  readonly directories: Directories
  /** One cluster; `all` for every one that this program started. */
  readonly clusters: { readonly kind: ClusterKind; readonly name: string } | 'all'
  /** `abandoned`: only those whose owner is gone. */
  readonly which: 'any' | 'abandoned'
  readonly environment: Environment
  readonly signal: AbortSignal
}

/**
 * `stop`: ends clusters and removes what belongs to them.
 * @throws Failure NO_CLUSTER (exit 3) when the named one does not run; of xcluster's `stop`
 */
export async function stopClusters(request: StopRequest): Promise<void> {
  const { clusters, directories, which } = request
  const { state } = directories
  if (clusters === 'all') {
    for (const { name, condition, record } of findClusters(state)) {
      if (condition === 'on another host')
        onStderr(`cluster '${name}' is on another host, ${record?.host.name}: not stopped`)
      else if (await destroyCluster(state, name, which)) said(`cluster '${name}'`)
    }
    if (findXclusterRecord(state)) await stopXcluster(request)
  } else if (clusters.kind === 'xcluster') {
    await stopXcluster(request)
  } else if (await destroyCluster(state, clusters.name, which)) {
    said(`cluster '${clusters.name}'`)
  } else if (which === 'any') {
    const hint = elsewhereHint(state, clusters.name)
    if (!hint) throw noCluster(state, clusters.name)
    throw environmentFailure('NO_CLUSTER', `no cluster '${clusters.name}' is running`, { hint })
  }
}

const onStderr = (line: string) => void process.stderr.write(`${line}\n`)

const said = (what: string) => onStderr(`stopped ${what}`)

function elsewhereHint(stateDirectory: string, name: string): string | undefined {
  const isElsewhere = (found: FoundCluster) => found.name === name && found.condition === 'on another host'
  const found = findClusters(stateDirectory).find(isElsewhere)
  return (
    found &&
    `one is on another host, ${found.record?.host.name}: stop it there, or remove ${found.directory} if that host is gone`
  )
}

async function stopXcluster({ clusters, directories, which, environment, signal }: StopRequest): Promise<void> {
  const { state } = directories
  const found = await findXcluster(state)
  if (!found) {
    forgetXcluster(state)
    if (clusters === 'all' || which === 'abandoned') return
    throw environmentFailure('NO_CLUSTER', 'no cluster of xcluster is running')
  }
  if (which === 'abandoned' && found.condition !== 'abandoned') return
  const record = findXclusterRecord(state)
  const call = record ?? (await settle({ options: {}, environment, test: {}, onLine: onStderr, signal })).xcluster
  if (!call) throw environmentFailure('NO_XCLUSTER', 'XCLUSTER is not set')
  await stopCluster(found.nodes, call, onStderr)
  forgetXcluster(state)
  said("xcluster's cluster")
}
