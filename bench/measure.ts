import { spawnSync } from 'node:child_process'
import { callersEnvironment } from '../scripts/host/environment.ts'

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] = [sorted[middle - (1 - (sorted.length % 2))], sorted[middle]]
  return (low + high) / 2
}

/** One row: the program and the alternative of a user, measured in the same run. */
export interface Row {
  readonly label: string
  /** Milliseconds of each run. */
  readonly times: readonly number[]
  readonly baseline: string
  readonly baselineTimes: readonly number[]
}

/**
 * Runs a command and measures its wall-clock time.
 * @throws Error when it fails
 */
export function time(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): { milliseconds: number; stdout: string } {
  const [program = '', ...words] = command
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(program, words, {
    env: { ...callersEnvironment, ...environment },
    maxBuffer: 2 ** 29,
  })
  if (status !== 0) throw new Error(`${command.join(' ')} exited with status ${status}: ${stderr}`)
  return { milliseconds: performance.now() - started, stdout: stdout.toString() }
}

/** Head of a table for docs/performance.md. */
export const HEAD = '| measured | median (min–max) | compared with | median (min–max) | ratio |\n|---|---|---|---|---|'

export function line({ label, times, baseline, baselineTimes }: Row): string {
  const ratio = median(times) / median(baselineTimes)
  return `| ${label} | ${format(times)} | ${baseline} | ${format(baselineTimes)} | ${ratio.toFixed(2)} |`
}

function format(values: readonly number[]): string {
  const all = [median(values), Math.min(...values), Math.max(...values)]
  const inSeconds = median(values) >= 1000
  const [middle, least, most] = all.map(value =>
    inSeconds ? (value / 1000).toFixed(1) : value.toFixed(value < 10 ? 1 : 0),
  )
  const spread = values.length > 1 ? ` (${least}–${most})` : ''
  return `${middle} ${inSeconds ? 's' : 'ms'}${spread}`
}
