import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { median, type Row, time } from './measure.ts'
import { pods } from './pods.ts'
import { type MeasuredRun, measureRun } from './runs.ts'

const RUNS = 5
const KIND = { XCLUSTER_NETNS_CLUSTER: 'namespaces' }
/** Nodes of large clusters; the larger one requires certain sysctls of the host. */
const [LARGE, LARGER] = [100, 200] as const

/** Where the time of a test goes, and what a node takes. */
export interface NamespacesResult {
  /** Median seconds by stage of `test bridge` with four nodes. */
  readonly stages: Readonly<Record<string, number>>
  readonly memory: readonly string[]
}

/** Compares clusters of namespaces with VMs, and with mininet if it is installed and root runs the benchmark. */
export function benchNamespaces(
  work: string,
  environment: Readonly<Record<string, string>>,
  maxNodes: number,
  add: (row: Row) => void,
): NamespacesResult {
  const memory: string[] = []
  const run = (words: readonly string[], kind: Readonly<Record<string, string>> = KIND): MeasuredRun => {
    process.stderr.write('.')
    return measureRun(words, work, { ...environment, ...kind })
  }
  // Fills the caches.
  for (const kind of [KIND, {}]) run(['start', '--nvm=1'], kind)
  const rounds = (words: readonly string[]) =>
    Array.from({ length: RUNS }, () => ({ namespaces: run(words), vms: run(words, {}) }))
  const bridge = rounds(['bridge'])
  add({
    label: '`test bridge --cluster namespaces`: start until all nodes have completed the first step',
    times: bridge.map(({ namespaces }) => namespaces.firstStep),
    baseline: 'the same on VMs',
    baselineTimes: bridge.map(({ vms }) => vms.firstStep),
  })
  const small = { bridge, L3: rounds(['L3']) }
  for (const [test, measured] of [
    ['bridge', bridge],
    ['cni_bridge', rounds(['cni_bridge'])],
    ['L3', small.L3],
  ] as const)
    add({
      label: `\`test ${test} --cluster namespaces\`, 4 nodes with 4 PODs each, with the proof`,
      times: measured.map(({ namespaces }) => namespaces.total),
      baseline: 'the same on VMs',
      baselineTimes: measured.map(({ vms }) => vms.total),
    })
  compareWithMininet(environment, maxNodes, add)
  add({
    label: '`test all --cluster namespaces`: tests whose kinds of interface the kernel has',
    times: [run(['all']).total],
    baseline: '`test all` on VMs, all tests',
    baselineTimes: [run(['all'], {}).total],
  })
  for (const [test, nodes] of [
    ['bridge', LARGE],
    ['L3', LARGE],
    ['bridge', LARGER],
  ] as const) {
    if (nodes > maxNodes) continue
    const measured = run([test, `--nvm=${nodes}`])
    add({
      label: `\`test ${test} --cluster namespaces --nvm=${nodes}\`, with the proof`,
      times: [measured.total],
      baseline: `${nodes / 4} times the time of 4 nodes`,
      baselineTimes: small[test].map(({ namespaces }) => (namespaces.total * nodes) / 4),
    })
    const each = (mebibytes: number) => (mebibytes / nodes).toFixed(1)
    memory.push(`| ${test}, ${nodes} | ${each(measured.memoryMiB)} | ${each(measured.hostMemoryMiB)} |`)
  }
  for (const row of pods({ ...environment, ...KIND })) add({ ...row, label: row.label.replace('VM', 'node') })
  return { stages: stagesOf(bridge.map(({ namespaces }) => namespaces)), memory }
}

function stagesOf(runs: readonly MeasuredRun[]): Readonly<Record<string, number>> {
  const seconds = (value: (run: MeasuredRun) => number) => median(runs.map(value)) / 1000
  const steps = Object.keys(runs[0]?.steps ?? {})
  const inSteps = (run: MeasuredRun) => steps.reduce((sum, step) => sum + (run.steps[step] ?? 0), 0)
  return {
    'start until login on all nodes': seconds(({ up }) => up),
    ...Object.fromEntries(steps.map(step => [step, seconds(run => run.steps[step] ?? 0)])),
    'the rest: between steps, and the end': seconds(run => run.total - run.up - inSteps(run)),
  }
}

/** Both test all pairs: mininet sequentially and by IPv4 only, in its own network namespace. */
function compareWithMininet(
  environment: Readonly<Record<string, string>>,
  maxNodes: number,
  add: (row: Row) => void,
): void {
  if (process.getuid?.() !== 0 || spawnSync('mn', ['--version']).error) return
  const mininet = (hosts: number) => {
    const command = `ip link set lo up && mn --switch lxbr --controller none --topo single,${hosts} --test pingall`
    return time(['unshare', '--net', '--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c', command]).milliseconds
  }
  for (const [nodes, runs] of [
    [4, 3],
    [25, 1],
  ] as const) {
    if (nodes > maxNodes) return
    const words = ['./netns.ts', 'test', 'L3', `--nvm=${nodes}`, '--cluster', 'namespaces']
    const measured = Array.from({ length: runs }, () => ({
      namespaces: time(words, environment).milliseconds,
      mininet: mininet(4 * nodes),
    }))
    add({
      label: `\`test L3 --cluster namespaces --nvm=${nodes}\`: ${4 * nodes} PODs, all pairs by IPv4 and IPv6`,
      times: measured.map(({ namespaces }) => namespaces),
      baseline: `mininet: ${4 * nodes} hosts on a Linux bridge, all pairs by IPv4`,
      baselineTimes: measured.map(one => one.mininet),
    })
  }
}
