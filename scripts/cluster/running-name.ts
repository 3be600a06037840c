import { DEFAULT_CLUSTER_NAME, readClusterName, readDirectories } from '../settings/settings.ts'
import type { Environment } from '../settings/sources.ts'
import { meantCluster } from './vm/registry.ts'

/**
 * The name of a cluster that runs: the one that the user names, else the usual one, else the only one that there is.
 * @throws Failure BAD_VALUE (exit 2) for an invalid name
 */
export function readRunningName(options: Environment, environment: Environment): string {
  const name = readClusterName(options, environment)
  const isNamed = options.__name !== undefined || environment.XCLUSTER_NETNS_NAME || environment.__name
  return isNamed ? name : meantCluster(readDirectories(environment).state, DEFAULT_CLUSTER_NAME)
}
