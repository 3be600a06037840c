import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { type Row, time } from './measure.ts'
import { pods } from './pods.ts'
import { type MeasuredRun, measureRun } from './runs.ts'

const RUNS = 5
const KIND = { XCLUSTER_NETNS_CLUSTER: 'namespaces' }
/** Nodes of the large clusters; without the host's sysctls for them they are refused. */
const LARGE = 100

/** Clusters of namespaces beside emulated VMs or KVM's, and beside mininet where root runs the bench and has it. */
export function benchNamespaces(
  work: string,
  environment: Readonly<Record<string, string>>,
  most: number,
  add: (row: Row) => void,
): void {
  const run = (words: readonly string[], kind: Readonly<Record<string, string>> = KIND): MeasuredRun => {
    process.stderr.write('.')
    return measureRun(words, work, { ...environment, ...kind })
  }
  // Makes what is made once.
  for (const kind of [KIND, {}]) run(['start', '--nvm=1'], kind)
  const rounds = (words: readonly string[]) =>
    Array.from({ length: RUNS }, () => ({ ours: run(words), vms: run(words, {}) }))
  const bridge = rounds(['bridge'])
  add({
    what: '`test bridge --cluster namespaces`: start until the first step is done on all',
    ours: bridge.map(({ ours }) => ours.firstStep),
    insteadOf: 'the same on VMs',
    theirs: bridge.map(({ vms }) => vms.firstStep),
  })
  for (const [test, measured] of [
    ['bridge', bridge],
    ['cni_bridge', rounds(['cni_bridge'])],
    ['L3', rounds(['L3'])],
  ] as const)
    add({
      what: `\`test ${test} --cluster namespaces\`, 4 nodes with 4 PODs each, with the proof`,
      ours: measured.map(({ ours }) => ours.whole),
      insteadOf: 'the same on VMs',
      theirs: measured.map(({ vms }) => vms.whole),
    })
  besideMininet(environment, most, add)
  if (most >= LARGE) {
    for (const test of ['bridge', 'L3'])
      add({
        what: `\`test ${test} --cluster namespaces --nvm=${LARGE}\`, with the proof`,
        ours: [run([test, `--nvm=${LARGE}`]).whole],
        insteadOf: `${LARGE / 4} times the time of 4 nodes`,
        theirs: (test === 'bridge' ? bridge : rounds([test])).map(({ ours }) => (ours.whole * LARGE) / 4),
      })
  }
  for (const row of pods({ ...environment, ...KIND })) add({ ...row, what: row.what.replace('VM', 'namespace') })
}

/** Both prove all pairs; mininet by IPv4 alone, one pair after the other. It gets a network namespace of its own. */
function besideMininet(environment: Readonly<Record<string, string>>, most: number, add: (row: Row) => void): void {
  if (process.getuid?.() !== 0 || spawnSync('mn', ['--version']).error) return
  const mininet = (hosts: number) => {
    const command = `ip link set lo up && mn --switch lxbr --controller none --topo single,${hosts} --test pingall`
    return time(['unshare', '--net', '--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c', command]).milliseconds
  }
  for (const [nodes, runs] of [
    [4, 3],
    [25, 1],
  ] as const) {
    if (nodes > most) return
    const words = ['./netns.ts', 'test', 'L3', `--nvm=${nodes}`, '--cluster', 'namespaces']
    const measured = Array.from({ length: runs }, () => ({
      ours: time(words, environment).milliseconds,
      theirs: mininet(4 * nodes),
    }))
    add({
      what: `\`test L3 --cluster namespaces --nvm=${nodes}\`: ${4 * nodes} PODs, all pairs by IPv4 and IPv6`,
      ours: measured.map(({ ours }) => ours),
      insteadOf: `mininet: ${4 * nodes} hosts on a Linux bridge, all pairs by IPv4`,
      theirs: measured.map(({ theirs }) => theirs),
    })
  }
}
