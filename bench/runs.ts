import fs from 'node:fs'
import path from 'node:path'
import { findCluster } from '../scripts/cluster/own/find-clusters.ts'
import type { RunEvent } from '../scripts/events/events.ts'
import { time } from './measure.ts'

const NETNS = path.resolve(import.meta.dirname, '../netns.ts')
const NAME = 'bench'

export interface MeasuredRun {
  /** Milliseconds from the start of the program until login on all nodes. */
  readonly up: number
  /** …until all nodes have completed the first step. */
  readonly firstStep: number
  /** …until the program exits, which leaves the cluster running. */
  readonly total: number
  /** Proportional set size of the cluster's processes at the end of the test, in MiB. */
  readonly memoryMiB: number
  /** By how much the host's available memory shrank from the start to the end of the test, in MiB. */
  readonly hostMemoryMiB: number
  /** Milliseconds by step, from its first start to its last end on any node. */
  readonly steps: Readonly<Record<string, number>>
}

/**
 * Runs a test on its own cluster, and measures it by its events.
 * @param words arguments of `test`
 * @param work temporary directory, which also contains the state
 * @throws Error when it does not pass
 */
export function measureRun(
  words: readonly string[],
  work: string,
  environment: Readonly<Record<string, string>>,
): MeasuredRun {
  const events = path.join(work, 'events.json')
  const available = availableMiB()
  const started = Date.now()
  try {
    const more = ['--no-stop', '--name', NAME, '--reporter', `json=${events}`]
    const { milliseconds } = time([NETNS, 'test', ...words, ...more], environment)
    const memoryMiB = memoryOf(path.join(work, 'xcluster-netns'))
    const hostMemoryMiB = available - availableMiB()
    return { ...read(events, started), total: milliseconds, memoryMiB, hostMemoryMiB }
  } finally {
    time([NETNS, 'stop', '--name', NAME], environment)
  }
}

function read(file: string, started: number): Omit<MeasuredRun, 'total' | 'memoryMiB' | 'hostMemoryMiB'> {
  const events = fs
    .readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as RunEvent)
  const lastOf = (wanted: (event: RunEvent) => boolean) => (events.findLast(wanted)?.at ?? Number.NaN) - started
  const steps: Record<string, number> = {}
  const starts = new Map<number, number>()
  for (const event of events) {
    if (event.type === 'step-start') starts.set(event.index, event.at)
    if (event.type === 'step-end') steps[event.step] = event.at - (starts.get(event.index) ?? Number.NaN)
  }
  const [first] = starts.keys()
  return {
    up: lastOf(({ type }) => type === 'node-up'),
    firstStep: lastOf(event => event.type === 'step-end' && event.index === first),
    steps,
  }
}

function availableMiB(): number {
  const [, kibibytes] = /^MemAvailable:\s+(\d+) kB/m.exec(fs.readFileSync('/proc/meminfo', 'utf8')) ?? []
  return Number(kibibytes) / 1024
}

function memoryOf(stateDirectory: string): number {
  const processes = findCluster(stateDirectory, NAME)?.processes ?? []
  const kibibytes = processes.map(({ pid }) => {
    const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1])
  })
  return kibibytes.reduce((sum, value) => sum + value, 0) / 1024
}
