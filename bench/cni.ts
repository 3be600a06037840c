import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { resolveCluster } from '../scripts/cluster/choose.ts'
import { BASELINE } from '../scripts/cni/churn/churn.ts'
import type { Network } from '../scripts/cni/network.ts'
import type { RunEvent } from '../scripts/events/events.ts'
import { callersEnvironment } from '../scripts/host/environment.ts'
import { burst } from '../tests/cni/burst.ts'
import { type Row, time } from './measure.ts'

const TOP = path.resolve(import.meta.dirname, '..')
const NETNS = path.join(TOP, 'netns.ts')
const NETWORKS = path.join(TOP, 'scripts/connections/cni/networks')
const CLUSTER = ['--cluster', 'namespaces', '--name', 'cni']
const RUNS = 3
const AT_ONCE = 200
const PTP: Network = {
  ...BASELINE,
  plugins: [{ type: 'ptp', ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }]] } }],
}

/** Measures the test of CNI networks on clusters of namespaces. */
export async function benchCni(
  work: string,
  environment: Readonly<Record<string, string>>,
  add: (row: Row) => void,
): Promise<void> {
  const rounds = Array.from({ length: RUNS }, () => {
    process.stderr.write('.')
    return {
      chain: suite('bridge-chain', work, environment),
      bridge: suite('bridge', work, environment),
      plain: time([NETNS, 'test', 'cni_bridge', '--stop', ...CLUSTER], environment).milliseconds,
    }
  })
  add({
    label: 'four plugins (bridge, portmap, firewall, tuning), 4 nodes with 4 PODs each: ADD, proof, CHECK, DEL, states',
    times: rounds.map(({ chain }) => chain.attach),
    baseline: '`test cni_bridge`, with start and end',
    baselineTimes: rounds.map(({ plain }) => plain),
  })
  add({
    label: 'all checks of these four plugins',
    times: rounds.map(({ chain }) => chain.conformance),
    baseline: 'all checks of bridge alone',
    baselineTimes: rounds.map(({ bridge }) => bridge.conformance),
  })
  time([NETNS, 'test', 'start', '--nvm=1', '--no-stop', ...CLUSTER], environment)
  try {
    for (const network of [BASELINE, PTP]) await addBursts(network, environment, add)
  } finally {
    time([NETNS, 'stop', ...CLUSTER], environment)
  }
}

/** Milliseconds of the parts of a run. Plugins violate the specification: the run may fail. */
function suite(network: string, work: string, environment: Readonly<Record<string, string>>) {
  const events = path.join(work, 'cni-events.json')
  const words = ['test', 'cni', '--conf', path.join(NETWORKS, `${network}.conflist`), '--stop', ...CLUSTER]
  const { status, stderr } = spawnSync(NETNS, [...words, '--reporter', `json=${events}`], {
    env: { ...callersEnvironment, ...environment },
    maxBuffer: 2 ** 29,
  })
  const lines = fs.readFileSync(events, 'utf8').trim().split('\n')
  const ends = lines.map((line): RunEvent => JSON.parse(line)).filter(event => event.type === 'step-end')
  const millisecondsOf = (step: string): number => {
    const end = ends.find(event => event.step === step)
    // The step of checks fails when one finds a violation.
    if (end && (step === 'conformance' || !end.failure)) return end.milliseconds
    throw new Error(`test cni with ${network} exited with status ${status}, step ${step} failed: ${stderr}`)
  }
  return { attach: millisecondsOf('attach'), conformance: millisecondsOf('conformance') }
}

/** All ADDs at once: addresses must be unique, and DEL must leave nothing. */
async function addBursts(
  network: Network,
  environment: Readonly<Record<string, string>>,
  add: (row: Row) => void,
): Promise<void> {
  const signal = new AbortController().signal
  const own = { ...callersEnvironment, ...environment }
  const options = { __cluster: 'namespaces', __name: 'cni' }
  const cluster = await resolveCluster({ options, environment: own, test: {}, onLine: () => {}, signal })
  const nodes = await cluster.logInOnAll(signal)
  const [node] = nodes
  if (!node) throw new Error('there is no node')
  try {
    const measure = async (count: number) => {
      const { seconds, slowestMilliseconds, failed, duplicates, leaks } = await burst(node, network, count)
      if (failed + duplicates.length + leaks.length > 0)
        throw new Error(
          `${failed} ADDs failed; duplicates: ${duplicates.join()}; ${leaks.map(each => each.message).join()}`,
        )
      return { all: seconds * 1000, slowest: slowestMilliseconds }
    }
    const rounds: { many: { all: number; slowest: number }; one: { all: number; slowest: number } }[] = []
    for (let round = 0; round < RUNS; round++) rounds.push({ one: await measure(1), many: await measure(AT_ONCE) })
    const type = network.plugins[0]?.type
    add({
      label: `${type}: ${AT_ONCE} ADDs at once on one node`,
      times: rounds.map(({ many }) => many.all),
      baseline: `${AT_ONCE} times the time of one`,
      baselineTimes: rounds.map(({ one }) => one.all * AT_ONCE),
    })
    add({
      label: '…of which the slowest ADD',
      times: rounds.map(({ many }) => many.slowest),
      baseline: 'one alone',
      baselineTimes: rounds.map(({ one }) => one.slowest),
    })
  } finally {
    for (const { connection } of nodes) connection.close()
  }
}
