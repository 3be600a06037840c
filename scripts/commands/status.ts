import process from 'node:process'
import { destroyCluster, type FoundCluster, findClusters } from '../cluster/embedded/registry.ts'
import { environmentFailure } from '../errors/failure.ts'
import type { Directories } from '../settings/settings.ts'

/** `status`: the clusters of this user, one a line, on stdout; `--json` for programs. */
export function showStatus({ state }: Directories, json: boolean): void {
  const clusters = findClusters(state)
  if (json) {
    process.stdout.write(`${JSON.stringify(clusters.map(describe), undefined, 2)}\n`)
    return
  }
  if (clusters.length === 0) process.stderr.write('no cluster is running\n')
  for (const cluster of clusters) {
    const { name, condition, nodes, created, processes } = describe(cluster)
    const vms = nodes.map(node => node.name).join(' ') || `${processes.length} processes`
    process.stdout.write(`${name}\t${condition}\t${created ?? '-'}\t${vms}\n`)
  }
}

const describe = ({ name, condition, record, processes }: FoundCluster) => ({
  name,
  condition,
  created: record?.created,
  owner: condition === 'in use' ? record?.owner.pid : undefined,
  nodes: record?.nodes ?? [],
  processes: processes.map(process => process.pid),
})

/**
 * `stop`: ends clusters and removes what belongs to them.
 * @param names the clusters; `all` for every one of this user
 * @param which `abandoned`: only those that nobody wants any more
 * @throws Failure NO_CLUSTER (exit 3) when one of the names is none
 */
export async function stopClusters(
  { state }: Directories,
  names: readonly string[] | 'all',
  which: 'any' | 'abandoned',
): Promise<void> {
  for (const name of names === 'all' ? findClusters(state).map(cluster => cluster.name) : names) {
    const stopped = await destroyCluster(state, name, which)
    if (stopped) process.stderr.write(`stopped cluster '${name}'\n`)
    else if (names !== 'all' && which === 'any')
      throw environmentFailure('NO_CLUSTER', `no cluster '${name}' is running`)
  }
}
