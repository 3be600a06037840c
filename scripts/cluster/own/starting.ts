import { infrastructureFailure } from '../../errors/failure.ts'
import type { Component } from '../../events/events.ts'
import { rndAddressesText } from '../../ovl/rnd-addresses.ts'
import type { Guest } from '../../settings/guest.ts'
import type { Settings } from '../../settings/settings.ts'
import type { OvlDirectory } from '../cluster.ts'
import { findOvl } from '../ovl-directories.ts'
import { hostsText } from './addresses.ts'
import { isOwn } from './cluster-record.ts'
import type { CommonIdentity } from './identity.ts'
import type { ClusterKeys } from './keys.ts'
import { type OrphanReaper, startOrphanReaper } from './orphan-reaper.ts'
import { type ClaimOptions, claimCluster, destroyCluster } from './registry.ts'
import { endChildren } from './spawn.ts'
import { stateFailure } from './state-directory.ts'
import { bareNetsOf, forwardingOf } from './topologies.ts'

/** The environment of all nodes of xcluster. */
const XCLUSTERS_OWN = {
  DOMAIN: 'xcluster',
  KUBECONFIG: '/etc/kubernetes/kubeconfig',
  __mode: 'dual-stack',
} as const

/** Ovls of every xcluster cluster, which the image, the nodes' identity and netns itself replace. */
export const BUILT_IN_OVLS: readonly string[] = ['env', 'network-topology', 'iptools', 'netns', 'test']

/** Runs a task, and reports a state directory that cannot be written. */
export const withState = async <T>({ directories }: Settings, task: Promise<T>): Promise<T> =>
  await task.catch(error => {
    throw stateFailure(directories.state, error)
  })

/**
 * The ovls of a cluster besides netns: those of $BASEOVLS and $XOVLS around those of the test.
 * @throws Failure OVL_NOT_FOUND (exit 2)
 */
export function withUsualOvls(
  { ovlNames, ovlPath }: Settings,
  extra: readonly OvlDirectory[],
): readonly OvlDirectory[] {
  const find = (names: readonly string[]) =>
    names.filter(name => !BUILT_IN_OVLS.includes(name)).map(name => findOvl(name, ovlPath))
  const all = [...find(ovlNames.base), ...extra, ...find(ovlNames.more)]
  return all.filter((ovl, index) => all.findIndex(({ directory }) => directory === ovl.directory) === index)
}

/** A claimed cluster that is starting. */
export interface ClaimedCluster {
  readonly directory: string
  readonly reaper: OrphanReaper
  /** Ends its processes and removes its directory. */
  stop(): Promise<void>
  /**
   * Stops it after a failed start.
   * @returns the error to throw
   */
  abandon(error: unknown, signal: AbortSignal): Promise<unknown>
}

/** @throws Failure of {@link claimCluster} */
export async function claimToStart(
  { directories }: Settings,
  name: string,
  { hostPublicKey }: ClusterKeys,
  options: ClaimOptions,
): Promise<ClaimedCluster> {
  const directory = await claimCluster(directories.state, name, hostPublicKey, options)
  const reaper = startOrphanReaper(name)
  const stop = async () => {
    // By process handles first: the records may have been deleted.
    await endChildren(directory)
    await destroyCluster(directories.state, name, 'own')
    reaper.release()
  }
  const abandon = async (error: unknown, signal: AbortSignal) => {
    const isStopped = !isOwn(directory)
    await stop()
    // This explains any failure.
    return isStopped && !signal.aborted ? stoppedByOther(name, error) : error
  }
  return { directory, reaper, stop, abandon }
}

const stoppedByOther = (name: string, cause: unknown) =>
  infrastructureFailure('CLUSTER_STOPPED', `cluster '${name}' was stopped by another command while it started`, {
    cause,
  })

/**
 * The identity that all nodes of a cluster share.
 * @param ovls number of layers with ovls
 */
export const commonIdentity = (
  { cluster, addressing, packing, guestEnvironment }: Settings,
  keys: ClusterKeys,
  ovls: number,
): CommonIdentity => ({
  keys,
  environment: { ...XCLUSTERS_OWN, ...guestEnvironment },
  prefix: addressing.prefix,
  ovls,
  rndAddresses: rndAddressesText(packing.seed),
  nodes: cluster.nodes,
  hosts: hostsText(cluster.nodes, addressing.prefix),
  bareNets: bareNetsOf(cluster.topology),
  alsoForwarding: forwardingOf(cluster.topology),
})

interface ImageFacts {
  readonly packages: Readonly<Record<string, string>>
  readonly digest: string
  readonly directory: string
  readonly guest: Omit<Guest, 'archive'>
}

/** What reports say about the image of the nodes. */
export const imageComponent = ({ packages, digest, directory, guest }: ImageFacts): Omit<Component, 'name'> => ({
  version: `${Object.keys(packages).length} packages of Debian ${guest.release}`,
  digest,
  place: directory,
  packages,
  release: guest.release,
  architecture: guest.architecture,
  ...(guest.snapshot && { snapshot: guest.snapshot }),
})
