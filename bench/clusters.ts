import process from 'node:process'
import { median, type Row } from './measure.ts'
import { type MeasuredRun, measureRun } from './runs.ts'

/** Number of runs by cluster size: large clusters take long, and vary less. */
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
/** PODs per node, to measure the cost of a POD. */
const POD_COUNTS = [4, 20, 50]
const NODES = 4

/** Measurements for the model. */
export interface Clusters {
  /** Starts from a template: nodes, seconds until all are up, total MiB. */
  readonly sizes: readonly { nodes: number; seconds: number; memoryMiB: number }[]
  /** `bridge` on four nodes: PODs per node, seconds of the test without the start, total MiB. */
  readonly pods: readonly { pods: number; seconds: number; memoryMiB: number }[]
  /** Median seconds of the stages of `bridge` on four nodes. */
  readonly stages: Readonly<Record<string, number>>
}

/**
 * Measures starts from templates and cold boots, and complete tests.
 * @param maxNodes largest cluster size
 * @param add gets each row as soon as it is measured
 */
export function benchClusters(
  work: string,
  environment: Readonly<Record<string, string>>,
  maxNodes: number,
  add: (row: Row) => void,
): Clusters {
  const run = (words: readonly string[]): MeasuredRun => {
    process.stderr.write('.')
    return measureRun(words, work, environment)
  }
  const several = (count: number, words: readonly string[]) => Array.from({ length: count }, () => run(words))
  const sizes: { nodes: number; seconds: number; memoryMiB: number }[] = []
  // Fills the caches.
  run(['start', '--nvm=1'])
  for (const { nodes, runs, coldRuns } of SIZES.filter(size => size.nodes <= maxNodes)) {
    const clones = several(runs, ['start', `--nvm=${nodes}`])
    const booted = several(coldRuns, ['start', `--nvm=${nodes}`, '--cold'])
    add({
      label: `${nodes === 1 ? '1 node' : `${nodes} nodes`}: start until login on all nodes`,
      times: clones.map(({ up }) => up),
      baseline: 'the same with `--cold`',
      baselineTimes: booted.map(({ up }) => up),
    })
    sizes.push({
      nodes,
      seconds: median(clones.map(({ up }) => up)) / 1000,
      memoryMiB: median(clones.map(({ memoryMiB }) => memoryMiB)),
    })
  }
  const stages: Record<string, number> = {}
  let bridge: readonly MeasuredRun[] = []
  for (const test of TESTS) {
    const runs = several(TEST_RUNS, [test])
    const coldRuns = several(COLD_TEST_RUNS, [test, '--cold'])
    const row = (suffix: string, key: 'firstStep' | 'total'): Row => ({
      label: `\`test ${test}\`, 4 nodes with 4 PODs each${suffix}`,
      times: runs.map(one => one[key]),
      baseline: 'the same with `--cold`',
      baselineTimes: coldRuns.map(one => one[key]),
    })
    if (test === 'bridge') {
      bridge = runs
      add(row(': start until all nodes have completed the first step', 'firstStep'))
      stages['start until login on all nodes'] = median(runs.map(({ up }) => up)) / 1000
      for (const step of Object.keys(runs[0]?.steps ?? {}))
        stages[step] = median(runs.map(({ steps }) => steps[step] ?? Number.NaN)) / 1000
    }
    add(row(', with the proof', 'total'))
  }
  add({
    label: `\`test bridge --nvm=${maxNodes}\`, with the proof`,
    times: [run(['bridge', `--nvm=${maxNodes}`]).total],
    baseline: `${maxNodes / NODES} times the time of 4 nodes`,
    baselineTimes: bridge.map(({ total }) => (total * maxNodes) / NODES),
  })
  const pods = POD_COUNTS.map(count => {
    const { total, up, memoryMiB } = measureRun(['bridge', `--nvm=${NODES}`], work, {
      ...environment,
      xcluster_NPODS: String(count),
    })
    return { pods: count, seconds: (total - up) / 1000, memoryMiB }
  })
  return { sizes, pods, stages }
}
