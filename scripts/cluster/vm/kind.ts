import type { ClusterKind } from '../kind.ts'

/** QEMU VMs with an image built from Debian packages. Needs neither root nor KVM. */
export const vm: ClusterKind = {
  name: 'embedded',
  aliases: ['vm'],
  summary: 'QEMU VMs (the default)',
  isDefault: () => false,
  acceptsUnknownOptions: false,
  load: async () => (await import('./operations.ts')).operations,
}
