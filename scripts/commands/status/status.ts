import process from 'node:process'
import { KINDS } from '../../cluster/kinds.ts'
import type { Environment } from '../../host/environment.ts'
import { alignColumns } from '../../reporters/columns.ts'

/** `status`: the clusters of this user, one per line below a header, on stdout; `--json` for programs. */
export async function showStatus(json: boolean, environment: Environment): Promise<void> {
  const kinds = await Promise.all(KINDS.map(kind => kind.load()))
  const clusters = (await Promise.all(kinds.map(kind => kind.list(environment)))).flat()
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
      nodes.flatMap(node => ((node.running ?? true) === isRunning ? [node.name] : [])).join(' ')
    const gone = names(false)
    const members = [names(true), gone && `gone: ${gone}`].filter(Boolean).join('; ') || `${processes.length} processes`
    return [name, MEANINGS[condition]?.(host) ?? condition, created ?? '-', members]
  })
  process.stdout.write(alignColumns([['NAME', 'CONDITION', 'CREATED', 'NODES'], ...rows]))
}

/** Explanations of conditions. */
const MEANINGS: Readonly<Partial<Record<string, (host: string | undefined) => string>>> = {
  kept: () => 'kept (a finished run left it running)',
  abandoned: () => 'abandoned (its run was killed)',
  'on another host': host => `on another host (${host})`,
}
