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
    const where = condition === 'on another host' ? `${condition} (${cluster.record?.host.name})` : condition
    process.stdout.write(`${name}\t${where}\t${created ?? '-'}\t${vms}\n`)
  }
}

const describe = ({ name, condition, record, processes }: FoundCluster) => ({
  name,
  condition,
  created: record?.created,
  host: record?.host?.name,
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
  const clusters = findClusters(state)
  const elsewhere = clusters.filter(({ condition }) => condition === 'on another host')
  const ours = clusters.filter(cluster => !elsewhere.includes(cluster))
  for (const name of names === 'all' ? ours.map(cluster => cluster.name) : names) {
    const stopped = await destroyCluster(state, name, which)
    if (stopped) process.stderr.write(`stopped cluster '${name}'\n`)
    else if (names !== 'all' && which === 'any')
      throw environmentFailure('NO_CLUSTER', `no cluster '${name}' is running`, {
        hint: elsewhereHint(elsewhere.find(cluster => cluster.name === name)),
      })
  }
  if (names !== 'all') return
  for (const { name, record } of elsewhere)
    process.stderr.write(`cluster '${name}' is on another host, ${record?.host.name}: not stopped\n`)
}

const elsewhereHint = (found: FoundCluster | undefined): string | undefined =>
  found &&
  `one is on another host, ${found.record?.host.name}: stop it there, or remove ${found.directory} if that host is gone`
