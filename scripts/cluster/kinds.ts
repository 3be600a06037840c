import type { ClusterKind } from './kind.ts'
import { namespaces } from './namespaces/kind.ts'
import { vm } from './vm/kind.ts'
import { xcluster } from './xcluster/kind.ts'

/** All kinds of clusters, in the order of lists; the first is the usual one where no other claims to be. */
export const KINDS: readonly [ClusterKind, ...ClusterKind[]] = [vm, namespaces, xcluster]
