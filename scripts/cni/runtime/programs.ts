import { infrastructureFailure, usageFailure } from '../../errors/failure.ts'
import { didYouMean } from '../../errors/suggest.ts'
import type { Network } from '../network.ts'
import type { NodeShell } from './shell.ts'

/** Where nodes have plugins. */
export const CNI_PATH: readonly string[] = ['/opt/cni/bin', '/usr/lib/cni']

/** The paths of plugins on a node by their types. */
export type Programs = ReadonlyMap<string, string>

const LIST = 'for d; do for f in "$d"/*; do if [ -f "$f" ] && [ -x "$f" ]; then echo "$f"; fi; done; done'

/**
 * Lists the plugins of a node. For a name in several directories, the first one counts.
 * @throws Failure CNI_NODES (exit 4)
 */
export async function listPrograms(shell: NodeShell, cniPath: readonly string[]): Promise<Programs> {
  const { exitCode, stdout } = await shell.run(['sh', '-c', LIST, 'sh', ...cniPath])
  if (exitCode !== 0)
    throw infrastructureFailure('CNI_NODES', `${shell.name}: cannot list its CNI plugins`, { node: shell.name })
  const files = stdout.toString().split('\n').filter(Boolean)
  return new Map(files.reverse().map(file => [file.slice(file.lastIndexOf('/') + 1), file]))
}

/** The types of a network's plugins, and of the IPAM plugins that they call. */
export const typesOf = ({ plugins }: Pick<Network, 'plugins'>): readonly string[] => [
  ...new Set(plugins.flatMap(({ type, ipam }) => (ipam?.type ? [type, ipam.type] : [type]))),
]

/**
 * Checks that all plugins of a network exist.
 * @param place where they were looked for
 * @throws Failure NO_CNI_PLUGIN (exit 2) that names those that exist
 */
export function requirePlugins(network: Network, existing: readonly string[], place: string): void {
  const missing = typesOf(network).find(type => !existing.includes(type))
  if (missing === undefined) return
  const names = [...existing].sort().join(', ') || 'none'
  throw usageFailure('NO_CNI_PLUGIN', `network '${network.name}': no plugin '${missing}'; ${place} has ${names}`, {
    hint: didYouMean(missing, existing),
  })
}
