import process from 'node:process'
import { type FoundCluster, findClusters, processNamed } from '../cluster/vm/registry.ts'
import { findXclusterRecord } from '../cluster/xcluster/record.ts'
import { findXcluster, type XclusterFound } from '../cluster/xcluster/running.ts'
import { alignColumns } from '../report/columns.ts'
import type { Directories } from '../settings/settings.ts'
import type { Environment } from '../settings/sources.ts'

/** `status`: the clusters of this user, one per line below a header, on stdout; `--json` for programs. */
export async function showStatus({ state }: Directories, json: boolean, environment: Environment): Promise<void> {
  const xcluster = environment.XCLUSTER || findXclusterRecord(state) ? await findXcluster(state) : undefined
  const clusters = [...findClusters(state).map(describe), ...(xcluster ? [describeXcluster(xcluster)] : [])]
  if (json) {
    process.stdout.write(`${JSON.stringify(clusters, undefined, 2)}\n`)
    return
  }
  if (clusters.length === 0) {
    process.stderr.write('no cluster is running\n')
    return
  }
  const rows = clusters.map(({ name, condition, nodes, created, processes, host }) => {
    const names = (isRunning: boolean) =>
      nodes.flatMap(node => (('running' in node ? node.running : true) === isRunning ? [node.name] : [])).join(' ')
    const gone = names(false)
    const members = [names(true), gone && `gone: ${gone}`].filter(Boolean).join('; ') || `${processes.length} processes`
    return [name, MEANINGS[condition]?.(host) ?? condition, created ?? '-', members]
  })
  process.stdout.write(alignColumns([['NAME', 'CONDITION', 'CREATED', 'NODES'], ...rows]))
}

/** Conditions that a word alone does not explain. */
const MEANINGS: Readonly<Partial<Record<string, (host: string | undefined) => string>>> = {
  kept: () => 'kept (a finished run left it running)',
  abandoned: () => 'abandoned (its run was killed)',
  'on another host': host => `on another host (${host})`,
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
