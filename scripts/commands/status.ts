import process from 'node:process'
import { type FoundCluster, findClusters, processNamed } from '../cluster/vm/registry.ts'
import { findXclusterRecord } from '../cluster/xcluster/record.ts'
import { findXcluster, type XclusterFound } from '../cluster/xcluster/running.ts'
import type { Directories } from '../settings/settings.ts'
import type { Environment } from '../settings/sources.ts'

/** `status`: the clusters of this user, one a line, on stdout; `--json` for programs. */
export async function showStatus({ state }: Directories, json: boolean, environment: Environment): Promise<void> {
  const xcluster = environment.XCLUSTER || findXclusterRecord(state) ? await findXcluster(state) : undefined
  const clusters = [...findClusters(state).map(describe), ...(xcluster ? [describeXcluster(xcluster)] : [])]
  if (json) {
    process.stdout.write(`${JSON.stringify(clusters, undefined, 2)}\n`)
    return
  }
  if (clusters.length === 0) process.stderr.write('no cluster is running\n')
  for (const { name, condition, nodes, created, processes, host } of clusters) {
    const names = (isRunning: boolean) =>
      nodes.flatMap(node => (('running' in node ? node.running : true) === isRunning ? [node.name] : [])).join(' ')
    const gone = names(false)
    const vms = [names(true), gone && `gone: ${gone}`].filter(Boolean).join('; ') || `${processes.length} processes`
    const where = condition === 'on another host' ? `${condition} (${host})` : condition
    process.stdout.write(`${name}\t${where}\t${created ?? '-'}\t${vms}\n`)
  }
}

const describe = ({ name, directory, condition, record, processes }: FoundCluster) => ({
  kind: 'embedded',
  name,
  condition,
  created: record?.created,
  host: record?.host?.name,
  owner: condition === 'in use' ? record?.owner.pid : undefined,
  // A VM that has ended is a node that is gone.
  nodes: (record?.nodes ?? []).map(node => ({
    ...node,
    running: condition === 'on another host' || processNamed(directory, node.name) !== undefined,
  })),
  processes: processes.map(process => process.pid),
})

/** xcluster has one cluster, without a name, and its processes are its own. */
const describeXcluster = (found: XclusterFound) => ({
  kind: 'xcluster',
  name: 'xcluster',
  host: undefined,
  ...found,
  processes: [] as readonly number[],
})
