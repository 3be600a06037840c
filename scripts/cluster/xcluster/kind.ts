import type { ClusterKind } from '../kind.ts'
import { isStandIn } from '../stand-in.ts'

/** The user's xcluster, behind `$XCLUSTER`. */
export const xcluster: ClusterKind = {
  name: 'xcluster',
  aliases: [],
  summary: "the user's xcluster (the default if $XCLUSTER is set)",
  isDefault: ({ XCLUSTER: command }) => command !== undefined && command !== '' && !isStandIn(command),
  acceptsUnknownOptions: true,
  load: async () => (await import('./operations.ts')).operations,
}
