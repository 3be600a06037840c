import fs from 'node:fs'
import path from 'node:path'
import { findCluster } from '../scripts/cluster/own/find-clusters.ts'
import type { RunEvent } from '../scripts/events/events.ts'
import { time } from './measure.ts'

const NETNS = path.resolve(import.meta.dirname, '../netns.ts')
const NAME = 'bench'

/** What a run of a test took. */
export interface MeasuredRun {
  /** From the start of the program until all nodes were logged in to, in milliseconds. */
  readonly up: number
  /** …until the first step was done on all that do it. */
  readonly firstStep: number
  /** …until the program's end, which leaves the cluster running. */
  readonly whole: number
  /** Of the cluster's processes at the end of the test: proportional set size (what several share counts in parts), in MiB. */
  readonly memoryMiB: number
  /** Milliseconds by step, from the first node's start of it to the last one's end. */
  readonly steps: Readonly<Record<string, number>>
}

/**
 * Runs a test on a cluster of its own, by its events.
 * @param words after `test`
 * @param work a directory of the bench's own, with its state below
 * @throws Error when it does not pass
 */
export function measureRun(
  words: readonly string[],
  work: string,
  environment: Readonly<Record<string, string>>,
): MeasuredRun {
  const events = path.join(work, 'events.json')
  const begun = Date.now()
  try {
    const more = ['--no-stop', '--name', NAME, '--reporter', `json=${events}`]
    const { milliseconds } = time([NETNS, 'test', ...words, ...more], environment)
    return { ...read(events, begun), whole: milliseconds, memoryMiB: memoryOf(path.join(work, 'xcluster-netns')) }
  } finally {
    time([NETNS, 'stop', '--name', NAME], environment)
  }
}

function read(file: string, begun: number): Omit<MeasuredRun, 'whole' | 'memoryMiB'> {
  const events = fs
    .readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as RunEvent)
  const lastOf = (wanted: (event: RunEvent) => boolean) => (events.findLast(wanted)?.at ?? Number.NaN) - begun
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

function memoryOf(stateDirectory: string): number {
  const processes = findCluster(stateDirectory, NAME)?.processes ?? []
  const kibibytes = processes.map(({ pid }) => {
    const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1])
  })
  return kibibytes.reduce((sum, value) => sum + value, 0) / 1024
}
