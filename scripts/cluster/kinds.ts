import type { ClusterKind } from './kind.ts'
import { namespaces } from './namespaces/kind.ts'
import { vm } from './vm/kind.ts'
import { xcluster } from './xcluster/kind.ts'

/** All cluster kinds, in the order of lists; the first is the default when no other kind is. */
export const KINDS: readonly [ClusterKind, ...ClusterKind[]] = [vm, namespaces, xcluster]
