import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { type Row, time } from './measure.ts'
import { pods } from './pods.ts'
import { type MeasuredRun, measureRun } from './runs.ts'

const RUNS = 5
const KIND = { XCLUSTER_NETNS_CLUSTER: 'namespaces' }
/** Nodes of large clusters, which require certain sysctls of the host. */
const LARGE = 100

/** Compares clusters of namespaces with VMs, and with mininet if it is installed and root runs the benchmark. */
export function benchNamespaces(
  work: string,
  environment: Readonly<Record<string, string>>,
  maxNodes: number,
  add: (row: Row) => void,
): void {
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
  for (const [test, measured] of [
    ['bridge', bridge],
    ['cni_bridge', rounds(['cni_bridge'])],
    ['L3', rounds(['L3'])],
  ] as const)
    add({
      label: `\`test ${test} --cluster namespaces\`, 4 nodes with 4 PODs each, with the proof`,
      times: measured.map(({ namespaces }) => namespaces.total),
      baseline: 'the same on VMs',
      baselineTimes: measured.map(({ vms }) => vms.total),
    })
  compareWithMininet(environment, maxNodes, add)
  if (maxNodes >= LARGE) {
    for (const test of ['bridge', 'L3'])
      add({
        label: `\`test ${test} --cluster namespaces --nvm=${LARGE}\`, with the proof`,
        times: [run([test, `--nvm=${LARGE}`]).total],
        baseline: `${LARGE / 4} times the time of 4 nodes`,
        baselineTimes: (test === 'bridge' ? bridge : rounds([test])).map(
          ({ namespaces }) => (namespaces.total * LARGE) / 4,
        ),
      })
  }
  for (const row of pods({ ...environment, ...KIND })) add({ ...row, label: row.label.replace('VM', 'namespace') })
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
