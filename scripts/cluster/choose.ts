import type { Settings } from '../settings/settings.ts'
import type { Cluster } from './cluster.ts'
import { embeddedCluster } from './vm/vm.ts'
import { xclusterCluster } from './xcluster/xcluster.ts'

/** The kind of cluster that the settings ask for. */
export const chooseCluster = (settings: Settings): Cluster =>
  settings.xcluster ? xclusterCluster(settings, settings.xcluster) : embeddedCluster(settings)
