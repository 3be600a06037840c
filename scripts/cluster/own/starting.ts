import { infrastructureFailure } from '../../errors/failure.ts'
import type { Settings } from '../../settings/settings.ts'
import type { OvlDirectory } from '../cluster.ts'
import { findOvl } from '../ovl-directories.ts'
import { stateFailure } from './state-directory.ts'

/** What nodes of xcluster have in their environment in any case. */
export const XCLUSTERS_OWN = {
  DOMAIN: 'xcluster',
  KUBECONFIG: '/etc/kubernetes/kubeconfig',
  __mode: 'dual-stack',
} as const

/** Ovls that xcluster adds to each cluster and whose part is done by the image, by what nodes are told, and by netns itself. */
export const BUILT_IN_OVLS: readonly string[] = ['env', 'network-topology', 'iptools', 'netns', 'test']

/** Runs a start or attachment, and says so when the state directory cannot be written to. */
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

/** What to throw when a cluster that starts is not this process's any more. */
export const stoppedByOther = (name: string, cause: unknown) =>
  infrastructureFailure('CLUSTER_STOPPED', `cluster '${name}' was stopped by another command while it started`, {
    cause,
  })

/** A guest image in words. */
export const packagesOf = ({ packages }: { readonly packages: object }): string =>
  `${Object.keys(packages).length} packages of Debian`
