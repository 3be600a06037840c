import process from 'node:process'
import { chooseKind } from '../cluster/choose.ts'
import type { ClusterOperations, Scaling } from '../cluster/kind.ts'
import { findOvl } from '../cluster/ovl-directories.ts'
import { requireCluster } from '../cluster/own/find-clusters.ts'
import { BUILT_IN_OVLS } from '../cluster/own/starting.ts'
import { usageFailure } from '../errors/failure.ts'
import { eventStream } from '../events/stream.ts'
import type { Environment } from '../host/environment.ts'
import { requireCommands, TO_RUN_OVLS_TESTS } from '../host/requirements.ts'
import { plainText } from '../host/text.ts'
import { nodeName, type Role, roleOf } from '../settings/nodes.ts'
import type { Settings } from '../settings/settings.ts'
import { writeSshConfig } from './ssh-config.ts'

/** Defaults of xcluster for the size of a cluster. */
const XCLUSTER_DEFAULTS: Environment = { __nrouters: '2', xcluster_PREFIX: 'fd00:' }

/** The number of nodes for which VLANs are configured in advance, so that they may join later. */
const SPARE_NODES = 8

/**
 * xcluster's variables for the size of a cluster. Other `__` variables belong to the ovl's test, such as its
 * `__timeout`.
 */
const SIZES = /^__(nvm|nrouters|ntesters|(mem|smp|nets)\d*|nets_(vm|router|tester))$/

const sizesAndNames = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('__') || SIZES.test(name)))

/** Reports progress on stderr. */
function reportOnStderr() {
  const onLine = (line: string) => process.stderr.write(`${plainText(line)}\n`)
  const { emit, close } = eventStream(
    [
      {
        name: 'stderr',
        on: event => {
          if (event.type === 'notice') onLine(event.text)
          if (event.type === 'detail' && event.text.startsWith('ovl ')) onLine(event.text)
          if (event.type === 'cluster-start') onLine(`cluster: ${event.kind}`)
        },
      },
    ],
    onLine,
  )
  return { emit, close, onLine }
}

/** VMs, since they have their own kernels, as in xcluster. */
const KIND: Environment = { __cluster: 'embedded' }

const vms = (): Promise<ClusterOperations> => chooseKind(KIND, {}).load()

async function scaling(): Promise<Scaling> {
  const { scaling } = await vms()
  if (!scaling) throw new Error('clusters of VMs cannot be scaled')
  return scaling
}

const resolve = async (
  environment: Environment,
  onLine: (line: string) => void,
  signal: AbortSignal,
  sizes: Environment = {},
) =>
  await (await vms()).resolve({
    options: { ...KIND, ...sizes },
    environment: sizesAndNames(environment),
    test: {},
    fallback: XCLUSTER_DEFAULTS,
    onLine,
    signal,
  })

/**
 * Starts an embedded cluster as xcluster would, and leaves it running.
 * @param ovls names or directories, in order; ovls that are built in are skipped
 * @returns the cluster's directory, with the ssh configuration
 * @throws Failure of the settings, the ovls or the cluster
 */
export async function startCluster(
  ovls: readonly string[],
  environment: Environment,
  signal: AbortSignal,
): Promise<string> {
  requireCommands(TO_RUN_OVLS_TESTS, environment)
  const { emit, close, onLine } = reportOnStderr()
  const { settings, cluster } = await resolve(environment, onLine, signal)
  const extraOvls = ovls.filter(ovl => !BUILT_IN_OVLS.includes(ovl)).map(ovl => findOvl(ovl, settings.ovlPath))
  const running = await cluster.start({ test: 'xctest', extraOvls, spare: SPARE_NODES, emit, signal })
  await running.keep()
  await close()
  return describe(settings)
}

/**
 * Adds nodes to the cluster.
 * @param numbers as typed
 * @throws Failure BAD_VALUE, NODE_EXISTS (exit 2), or one of the cluster
 */
export async function addNodes(
  numbers: readonly string[],
  environment: Environment,
  signal: AbortSignal,
): Promise<string> {
  const { emit, close, onLine } = reportOnStderr()
  const requested = nodeNumbers(numbers)
  const { settings } = await resolve(environment, onLine, signal, sizesFor(requested))
  const plans = settings.cluster.nodes.filter(({ number }) => requested.includes(number))
  const missing = requested.find(number => !plans.some(plan => plan.number === number))
  if (missing !== undefined) {
    const { topology } = settings.cluster
    throw usageFailure('BAD_VALUE', `TOPOLOGY=${topology} has no ${nodeName(missing)}`)
  }
  await (await scaling()).add(settings, plans, emit, signal)
  await close()
  return describe(settings)
}

/** The smallest cluster size with these nodes, so that their plans follow from the usual settings. */
function sizesFor(numbers: readonly number[]): Environment {
  const most = (role: Role, below: number) =>
    Math.max(0, ...numbers.filter(number => roleOf(number) === role).map(number => number - below))
  const sizes = { __nvm: most('worker', 0), __nrouters: most('router', 200), __ntesters: most('tester', 220) }
  return Object.fromEntries(
    Object.entries(sizes)
      .filter(([, size]) => size > 0)
      .map(([name, size]) => [name, String(size)]),
  )
}

/**
 * Stops nodes of the cluster.
 * @param numbers as typed
 * @throws Failure BAD_VALUE, NO_SUCH_NODE (exit 2), or one of the cluster
 */
export async function removeNodes(
  numbers: readonly string[],
  environment: Environment,
  signal: AbortSignal,
): Promise<string> {
  const { close, onLine } = reportOnStderr()
  const { settings } = await resolve(environment, onLine, signal)
  await (await scaling()).remove(settings, nodeNumbers(numbers))
  await close()
  return describe(settings)
}

function describe({ directories, cluster }: Settings): string {
  const { directory, record } = requireCluster(directories.state, cluster.name)
  writeSshConfig(directory, record.nodes, record.hostKey)
  return directory
}

/** @throws Failure BAD_VALUE (exit 2) */
function nodeNumbers(words: readonly string[]): readonly number[] {
  const numbers = words.flatMap(word => word.split(/\s+/)).filter(Boolean)
  for (const word of numbers) {
    if (/^\d{1,3}$/.test(word) && roleOf(Number(word))) continue
    throw usageFailure(
      'BAD_VALUE',
      `'${word}' is not a node number: workers are 1 to 200, routers 201 to 220, testers 221 to 240`,
    )
  }
  const unique = [...new Set(numbers.map(Number))]
  if (unique.length === 0) throw usageFailure('BAD_VALUE', `a node number is missing, for example 5 for ${nodeName(5)}`)
  return unique
}
