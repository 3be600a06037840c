import process from 'node:process'
import { median, type Row } from './measure.ts'
import { type MeasuredRun, measureRun } from './runs.ts'

/** How often each is measured: the large ones take long, and vary less. */
const SIZES: readonly { nodes: number; runs: number; coldRuns: number }[] = [
  { nodes: 1, runs: 5, coldRuns: 3 },
  { nodes: 4, runs: 5, coldRuns: 3 },
  { nodes: 20, runs: 3, coldRuns: 1 },
  { nodes: 50, runs: 2, coldRuns: 1 },
  { nodes: 100, runs: 2, coldRuns: 1 },
]
const TESTS = ['bridge', 'cni_bridge', 'L3'] as const
const TEST_RUNS = 4
const COLD_TEST_RUNS = 2
/** PODs in each of the nodes by which it is seen what one takes. */
const POD_COUNTS = [4, 20, 50]
/** Of a cluster of which nothing else is said. */
const NODES = 4

/** What clusters of several sizes took, for the model. */
export interface Clusters {
  /** Of starts from a template: nodes, seconds until all are up, MiB of all together. */
  readonly sizes: readonly { nodes: number; seconds: number; memoryMiB: number }[]
  /** Of `bridge` in four nodes: PODs in each, seconds of the whole test without the start, MiB of all together. */
  readonly pods: readonly { pods: number; seconds: number; memoryMiB: number }[]
  /** Median seconds of the steps of `bridge` on four nodes. */
  readonly split: Readonly<Record<string, number>>
}

/**
 * Starts clusters from templates, and by booting, and runs whole tests on them.
 * @param most the most nodes that a cluster gets
 * @param add takes each row as soon as it is known
 */
export function benchClusters(
  work: string,
  environment: Readonly<Record<string, string>>,
  most: number,
  add: (row: Row) => void,
): Clusters {
  const run = (words: readonly string[]): MeasuredRun => {
    process.stderr.write('.')
    return measureRun(words, work, environment)
  }
  const several = (count: number, words: readonly string[]) => Array.from({ length: count }, () => run(words))
  const sizes: { nodes: number; seconds: number; memoryMiB: number }[] = []
  // Makes what is made once.
  run(['start', '--nvm=1'])
  for (const { nodes, runs, coldRuns } of SIZES.filter(size => size.nodes <= most)) {
    const clones = several(runs, ['start', `--nvm=${nodes}`])
    const booted = several(coldRuns, ['start', `--nvm=${nodes}`, '--cold'])
    add({
      what: `${nodes === 1 ? '1 node' : `${nodes} nodes`}: start until all are logged in to`,
      ours: clones.map(({ up }) => up),
      insteadOf: 'the same with `--cold`',
      theirs: booted.map(({ up }) => up),
    })
    sizes.push({
      nodes,
      seconds: median(clones.map(({ up }) => up)) / 1000,
      memoryMiB: median(clones.map(({ memoryMiB }) => memoryMiB)),
    })
  }
  const split: Record<string, number> = {}
  let bridge: readonly MeasuredRun[] = []
  for (const test of TESTS) {
    const ours = several(TEST_RUNS, [test])
    const theirs = several(COLD_TEST_RUNS, [test, '--cold'])
    const row = (what: string, key: 'firstStep' | 'whole'): Row => ({
      what: `\`test ${test}\`, 4 nodes with 4 PODs each${what}`,
      ours: ours.map(one => one[key]),
      insteadOf: 'the same with `--cold`',
      theirs: theirs.map(one => one[key]),
    })
    if (test === 'bridge') {
      bridge = ours
      add(row(': start until the first step is done on all', 'firstStep'))
      split['the program starts, and all are logged in to'] = median(ours.map(({ up }) => up)) / 1000
      for (const step of Object.keys(ours[0]?.steps ?? {}))
        split[step] = median(ours.map(({ steps }) => steps[step] ?? Number.NaN)) / 1000
    }
    add(row(', with the proof', 'whole'))
  }
  add({
    what: `\`test bridge --nvm=${most}\`, with the proof`,
    ours: [run(['bridge', `--nvm=${most}`]).whole],
    insteadOf: `${most / NODES} times the time of 4 nodes`,
    theirs: bridge.map(({ whole }) => (whole * most) / NODES),
  })
  const pods = POD_COUNTS.map(count => {
    const { whole, up, memoryMiB } = measureRun(['bridge', `--nvm=${NODES}`], work, {
      ...environment,
      xcluster_NPODS: String(count),
    })
    return { pods: count, seconds: (whole - up) / 1000, memoryMiB }
  })
  return { sizes, pods, split }
}
