import type { ClusterKind } from '../kind.ts'

/** Namespaces of this host's kernel, with the VMs' image as their root: up in milliseconds, without a kernel of their own. */
export const namespaces: ClusterKind = {
  name: 'namespaces',
  aliases: [],
  summary: "namespaces of this host's kernel",
  isDefault: () => false,
  acceptsUnknownOptions: false,
  load: async () => (await import('./operations.ts')).operations,
}
