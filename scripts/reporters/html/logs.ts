import type { LogLine } from './data.ts'
import { count } from './page/words.ts'
import { shortened } from './shorten.ts'

/** Maximum lines of a step on a node: half first, half last. */
const MOST_LINES = 400
/** Maximum characters of a line. */
const MOST_CHARACTERS = 2000
/** Overhead of a line. */
const LINE_COST = 40
const LEAST_LINES = 4

/** The retained output of a step on a node. */
export interface KeptLines {
  readonly test: number
  readonly step: number
  readonly node: string
  readonly lines: readonly LogLine[]
  /** The number of omitted lines, and their position in `lines`. */
  readonly omitted: number
  readonly omittedAfter: number
}

interface Kept {
  readonly test: number
  readonly step: number
  readonly node: string
  readonly first: LogLine[]
  readonly last: LogLine[]
  omitted: number
  cost: number
}

/**
 * Limits the log of untrusted nodes to a budget: retains the first and last lines of each step on each node, and fewer
 * when the total is too large, of failed steps last. Counts omitted lines.
 */
export class BoundedLog {
  readonly #groups = new Map<string, Kept>()
  readonly #failed = new Set<string>()
  #limits = { passed: MOST_LINES, failed: MOST_LINES }
  #budget: number
  #cost = 0
  #cut = 0

  /** @param budget in characters, for all lines */
  constructor(budget: number) {
    this.#budget = budget
  }

  add(test: number, step: number, node: string, [since, mark, text]: LogLine): void {
    const key = keyOf(test, step, node)
    const group = this.#groups.get(key) ?? { test, step, node, first: [], last: [], omitted: 0, cost: 0 }
    this.#groups.set(key, group)
    const half = this.#limitOf(key) / 2
    const line: LogLine = [since, mark, this.#shortened(text)]
    if (group.last.length + group.omitted === 0 && group.first.length < half) group.first.push(line)
    else group.last.push(line)
    this.#charge(group, costOf(line))
    // Trims at twice the limit: trimming moves the rest.
    if (group.last.length > 2 * half) this.#trim(group, half)
    if (this.#cost > this.#budget) this.#shrink()
  }

  /** Failed steps are trimmed last. */
  failed(test: number, step: number, node: string): void {
    this.#failed.add(keyOf(test, step, node))
  }

  /** Trims to a new budget. */
  reduce(budget: number): void {
    this.#budget = budget
    if (this.#cost > budget) this.#shrink()
  }

  /** In order of their start. */
  groups(): readonly KeptLines[] {
    return [...this.#groups].map(([key, group]) => {
      this.#trim(group, this.#limitOf(key) / 2)
      const { test, step, node, first, last, omitted } = group
      return { test, step, node, lines: [...first, ...last], omitted, omittedAfter: first.length }
    })
  }

  /** Descriptions of omitted lines, for the user. */
  describeOmissions(): readonly string[] {
    const groups = this.groups().filter(({ omitted }) => omitted > 0)
    const lines = groups.reduce((sum, { omitted }) => sum + omitted, 0)
    const steps = count(groups.length, 'step on a node', 'steps on nodes')
    return [
      ...(lines > 0 ? [`${count(lines, 'line')} of the log, from the middle of ${steps}`] : []),
      ...(this.#cut > 0 ? [`the end of ${count(this.#cut, 'line')} longer than ${MOST_CHARACTERS} characters`] : []),
    ]
  }

  #shortened(text: string): string {
    if (text.length > MOST_CHARACTERS) this.#cut++
    return shortened(text, MOST_CHARACTERS)
  }

  #limitOf(key: string): number {
    return this.#failed.has(key) ? this.#limits.failed : this.#limits.passed
  }

  #charge(group: Kept, cost: number): void {
    group.cost += cost
    this.#cost += cost
  }

  /** Halves the limits, first that of passed steps. */
  #shrink(): void {
    while (this.#cost > this.#budget) {
      const { passed, failed } = this.#limits
      if (passed > LEAST_LINES) this.#limits.passed = passed / 2
      else if (failed > LEAST_LINES) this.#limits.failed = failed / 2
      else if (passed > 0) this.#limits = { passed: 0, failed: failed / 2 }
      else if (failed > 0) this.#limits.failed = 0
      else return
      for (const [key, group] of this.#groups) this.#trim(group, this.#limitOf(key) / 2)
    }
  }

  #trim(group: Kept, most: number): void {
    const half = Math.floor(most)
    // Lines cut off the head come before the gap.
    const dropped = [...group.first.splice(half), ...group.last.splice(0, Math.max(0, group.last.length - half))]
    if (dropped.length === 0) return
    group.omitted += dropped.length
    this.#charge(group, -dropped.reduce((sum, line) => sum + costOf(line), 0))
  }
}

const keyOf = (test: number, step: number, node: string) => `${test} ${step} ${node}`

const costOf = ([, , text]: LogLine): number => text.length + LINE_COST
