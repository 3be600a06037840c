import type { ClusterKind } from '../kind.ts'

/** VMs of this program's own image, under QEMU: needs nothing but this repository and Debian's packages, as an ordinary user. */
export const vm: ClusterKind = {
  name: 'embedded',
  aliases: ['vm'],
  summary: 'QEMU VMs (the default)',
  isUsual: () => false,
  takesAnyOption: false,
  load: async () => (await import('./operations.ts')).operations,
}
