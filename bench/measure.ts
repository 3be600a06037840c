import { spawnSync } from 'node:child_process'
import { callersEnvironment } from '../scripts/host/environment.ts'

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] = [sorted[middle - (1 - (sorted.length % 2))], sorted[middle]]
  return (low + high) / 2
}

/** One row: a thing of ours, and what a person would use instead, measured in the same run. */
export interface Row {
  readonly what: string
  /** Milliseconds, one for each run. */
  readonly ours: readonly number[]
  readonly insteadOf: string
  readonly theirs: readonly number[]
}

/**
 * Runs a command and returns its wall time in milliseconds.
 * @throws Error when it fails: the time of a failure says nothing
 */
export function time(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): { milliseconds: number; stdout: string } {
  const [program = '', ...words] = command
  const begun = performance.now()
  const { status, stdout, stderr } = spawnSync(program, words, {
    env: { ...callersEnvironment, ...environment },
    maxBuffer: 2 ** 29,
  })
  if (status !== 0) throw new Error(`${command.join(' ')} exits with ${status}: ${stderr}`)
  return { milliseconds: performance.now() - begun, stdout: stdout.toString() }
}

/** What a table for docs/performance.md begins with. */
export const HEAD = '| what | median (from–to) | instead of | median (from–to) | ratio |\n|---|---|---|---|---|'

/** A row of that table. */
export function line({ what, ours, insteadOf, theirs }: Row): string {
  return `| ${what} | ${shown(ours)} | ${insteadOf} | ${shown(theirs)} | ${(median(ours) / median(theirs)).toFixed(2)} |`
}

function shown(values: readonly number[]): string {
  const all = [median(values), Math.min(...values), Math.max(...values)]
  const inSeconds = median(values) >= 1000
  const [middle, least, most] = all.map(value =>
    inSeconds ? (value / 1000).toFixed(1) : value.toFixed(value < 10 ? 1 : 0),
  )
  const spread = values.length > 1 ? ` (${least}–${most})` : ''
  return `${middle} ${inSeconds ? 's' : 'ms'}${spread}`
}
