import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { environmentFailure, Failure } from '../../errors/failure.ts'
import type { Component } from '../../events/events.ts'
import { callersEnvironment } from '../../host/environment.ts'
import { searchPath } from '../../host/requirements.ts'
import { countAndNames, countOfVms, type NodePlan } from '../../settings/nodes.ts'
import type { Settings } from '../../settings/settings.ts'
import type { Node } from '../../ssh/node.ts'
import type { Cluster, RunningCluster, StartRequest } from '../cluster.ts'
import { guestKernel } from '../components.ts'
import { callXcluster, callXclusterToStart } from './command.ts'
import { awaitNodes, consoleOf, listens, loginOf } from './login.ts'
import { pack } from './packing.ts'
import {
  adoptXcluster,
  claimXcluster,
  markXclusterKept,
  removeXclusterRecord,
  requireXclusterUnused,
} from './record.ts'
import type { XclusterSettings } from './settings.ts'
import { withWorkDirectory } from './work-directory.ts'

const STOP_TIMEOUT_SECONDS = 60
const PORT_RELEASE_TIMEOUT_MS = 10_000
const CONSOLE_LINES = 10

/** The user's xcluster, run by `$XCLUSTER`. */
export function xclusterCluster(settings: Settings, xcluster: XclusterSettings): Cluster {
  return {
    kind: 'xcluster',
    exclusive: 'xcluster has one cluster at a time',
    start: request => start(settings, xcluster, request),
    attach: request => attach(settings, xcluster, request),
  }
}

async function start(settings: Settings, xcluster: XclusterSettings, request: StartRequest): Promise<RunningCluster> {
  const { emit, signal } = request
  const { state } = settings.directories
  const { replace } = settings.cluster
  const detail = (text: string) => emit({ type: 'detail', text })
  const common = { command: xcluster.command, onLine: detail, signal }
  checkImage(xcluster)
  if (!replace) requireXclusterUnused(state)
  emit({
    type: 'cluster-start',
    test: request.test,
    ...countAndNames(settings.cluster.nodes),
    kind: describe(settings),
  })
  const onComponent = (component: Component) => emit({ type: 'provenance', test: request.test, component })
  onComponent({ name: 'xcluster', place: xcluster.command })
  // Before the running cluster is stopped: if packing fails, it keeps running.
  await pack(settings, xcluster, request)
  await claimXcluster(state, xcluster, replace)
  const stop = () => stopCluster(settings.cluster.nodes, xcluster, detail)
  try {
    await stopRunning(settings, xcluster, request)
    const call = {
      ...common,
      words: [xcluster.xterm ? 'start' : 'starts'],
      exports: xcluster.exports,
      timeoutSeconds: settings.timeoutSeconds,
      exitCode: 4,
    } as const
    await withWorkDirectory(state, directory => callXclusterToStart(call, directory))
    const nodes = await waitForNodes(settings, xcluster, request)
    onComponent(await guestKernel(nodes[0] as Node, signal))
    return running(settings, xcluster, nodes, stop)
  } catch (error) {
    await stop().catch(() => {}) // the first error matters
    removeXclusterRecord(state)
    throw withTerminal(error, xcluster)
  }
}

async function attach(settings: Settings, xcluster: XclusterSettings, request: StartRequest): Promise<RunningCluster> {
  const { nodes: plans } = settings.cluster
  if (!(await listens(plans[0] as (typeof plans)[number]))) {
    throw environmentFailure(
      'NO_CLUSTER',
      `no xcluster cluster is running: nothing accepts connections on ${describeLocation(settings)}`,
      {
        hint: 'to start one, omit --no-start',
      },
    )
  }
  request.emit({ type: 'cluster-start', test: request.test, ...countAndNames(plans), kind: describe(settings) })
  await adoptXcluster(settings.directories.state, xcluster)
  const nodes = await waitForNodes(settings, xcluster, request)
  const detail = (text: string) => request.emit({ type: 'detail', text })
  return running(settings, xcluster, nodes, () => stopCluster(plans, xcluster, detail))
}

const describe = ({ cluster }: Settings) =>
  `xcluster: ${countOfVms(cluster.nodes)}; host keys are not checked, since they change at every start`

function checkImage({ image }: XclusterSettings): void {
  if (fs.existsSync(image)) return
  throw environmentFailure('NO_XCLUSTER_IMAGE', `the disk image ${image} is missing`, {
    hint: 'create it with $XCLUSTER mkimage, or choose another one with --image=<file>',
  })
}

/**
 * Stops the running cluster, as xcluster's tests do.
 * @throws Failure CLUSTER_RUNS (exit 3) when something still accepts connections on the VMs' ports
 */
async function stopRunning(settings: Settings, xcluster: XclusterSettings, { emit }: StartRequest): Promise<void> {
  const isRunning = async () => (await Promise.all(settings.cluster.nodes.map(listens))).includes(true)
  if (!(await isRunning())) return
  await stopCluster(settings.cluster.nodes, xcluster, text => emit({ type: 'detail', text }))
  if (await isRunning()) {
    throw environmentFailure(
      'CLUSTER_RUNS',
      `${describeLocation(settings)} still accepts connections after '${xcluster.command} stop'`,
      {
        hint: 'to use the cluster that is running there: --no-start',
      },
    )
  }
  emit({ type: 'notice', text: "stopped xcluster's cluster, which was running" })
}

function describeLocation({ cluster: { nodes } }: Settings): string {
  const [first] = nodes
  const { host, port } = loginOf(first as (typeof nodes)[number])
  return `${host}:${port} (${first?.name})`
}

const waitForNodes = (settings: Settings, { tmp }: XclusterSettings, { emit, signal }: StartRequest) =>
  awaitNodes({ plans: settings.cluster.nodes, tmp, timeoutSeconds: settings.timeoutSeconds, emit, signal })

/** Adds the reason when `screen` or `xterm` is missing: xcluster does not report it, and no VM comes up. */
function withTerminal(error: unknown, { xterm, tmp }: XclusterSettings): unknown {
  const program = xterm ? 'xterm' : 'screen'
  if (fs.existsSync(path.join(tmp, 'screen'))) return error
  const isInstalled = searchPath(callersEnvironment).some(place => fs.existsSync(path.join(place, program)))
  if (isInstalled || !(error instanceof Failure) || error.exitCode !== 4) return error
  const hint = `${program}, in which xcluster runs its VMs, is not installed`
  return environmentFailure('NO_TERMINAL', error.message, { hint, cause: error })
}

/** Stops the VMs, and waits until their ports are free: the next test uses the same ones. */
export async function stopCluster(
  nodes: readonly Pick<NodePlan, 'number' | 'name'>[],
  { command, exports }: Pick<XclusterSettings, 'command' | 'exports'>,
  onLine: (line: string) => void,
): Promise<void> {
  // Not aborted with the run: stopping is part of its end.
  const signal = new AbortController().signal
  await callXcluster({
    command,
    words: ['stop'],
    exports,
    timeoutSeconds: STOP_TIMEOUT_SECONDS,
    exitCode: 4,
    onLine,
    signal,
  })
  const deadline = performance.now() + PORT_RELEASE_TIMEOUT_MS
  while ((await Promise.all(nodes.map(listens))).includes(true) && performance.now() < deadline) await delay(100)
}

function running(
  settings: Settings,
  { tmp }: XclusterSettings,
  nodes: readonly Node[],
  stop: () => Promise<void>,
): RunningCluster {
  const disconnect = () => {
    for (const node of nodes) node.connection.close()
  }
  return {
    name: settings.cluster.name,
    nodes,
    keep: async () => {
      markXclusterKept(settings.directories.state)
      disconnect()
    },
    // Not possible: xcluster does not report its processes.
    verify: async () => {},
    stop: async () => {
      disconnect()
      await stop()
      removeXclusterRecord(settings.directories.state)
    },
    console: async node => consoleOf(tmp, node.name),
    diagnose: async node => ({
      ...((await listens(planOf(settings, node)))
        ? { gone: false, how: 'its VM still accepts connections' }
        : { gone: true, how: 'its VM is gone' }),
      console: consoleOf(tmp, node.name).trimEnd().split('\n').slice(-CONSOLE_LINES).filter(Boolean),
    }),
  }
}

const planOf = ({ cluster }: Settings, { name }: Node) =>
  cluster.nodes.find(plan => plan.name === name) as (typeof cluster.nodes)[number]
