import type { ClusterKind } from '../kind.ts'

/** Namespaces of this host's kernel, with the guest image as root: up in milliseconds, but without their own kernel. */
export const namespaces: ClusterKind = {
  name: 'namespaces',
  aliases: [],
  summary: "namespaces of this host's kernel",
  isDefault: () => false,
  acceptsUnknownOptions: false,
  load: async () => (await import('./operations.ts')).operations,
}
