import type { LogLine } from './data.ts'
import { count } from './page/words.ts'
import { shortened } from './shorten.ts'

/** Lines that are kept of what a step prints on a node: this many of the first and of the last ones. */
const MOST_LINES = 400
/** Characters of a line. */
const MOST_CHARACTERS = 2000
/** What a line costs beside its text. */
const LINE_COST = 40
const LEAST_LINES = 4

/** What a step printed on a node, of which test. */
export interface KeptLines {
  readonly test: number
  readonly step: number
  readonly node: string
  readonly lines: readonly LogLine[]
  /** How many lines were left out, and behind how many of `lines` they stood. */
  readonly leftOut: number
  readonly leftOutBehind: number
}

interface Kept {
  readonly test: number
  readonly step: number
  readonly node: string
  readonly first: LogLine[]
  readonly last: LogLine[]
  leftOut: number
  cost: number
}

/**
 * Keeps what steps print within a budget, since a VM may print without end: of each step on each node the first and the last lines,
 * fewer of them when all together are too much, and of failed ones last of all. It knows what it left out.
 */
export class BoundedLog {
  readonly #groups = new Map<string, Kept>()
  readonly #failed = new Set<string>()
  /** Of passed and of failed ones. */
  #limits = { passed: MOST_LINES, failed: MOST_LINES }
  #budget: number
  #cost = 0
  #cut = 0

  /** @param budget in characters of text, of all lines together */
  constructor(budget: number) {
    this.#budget = budget
  }

  add(test: number, step: number, node: string, [since, mark, text]: LogLine): void {
    const key = keyOf(test, step, node)
    const group = this.#groups.get(key) ?? { test, step, node, first: [], last: [], leftOut: 0, cost: 0 }
    this.#groups.set(key, group)
    const half = this.#limitOf(key) / 2
    const line: LogLine = [since, mark, this.#shortened(text)]
    if (group.last.length + group.leftOut === 0 && group.first.length < half) group.first.push(line)
    else group.last.push(line)
    this.#charge(group, costOf(line))
    // Twice as many may stand until they are cut: one at a time would move all the others each time.
    if (group.last.length > 2 * half) this.#trim(group, half)
    if (this.#cost > this.#budget) this.#shrink()
  }

  /** What failed is kept longer than the rest. */
  failed(test: number, step: number, node: string): void {
    this.#failed.add(keyOf(test, step, node))
  }

  /** Takes as much away that the rest fits. */
  reduce(budget: number): void {
    this.#budget = budget
    if (this.#cost > budget) this.#shrink()
  }

  /** In the order in which they began. */
  groups(): readonly KeptLines[] {
    return [...this.#groups].map(([key, group]) => {
      this.#trim(group, this.#limitOf(key) / 2)
      const { test, step, node, first, last, leftOut } = group
      return { test, step, node, lines: [...first, ...last], leftOut, leftOutBehind: first.length }
    })
  }

  /** Sentences for the person, none when all is there. */
  leftOut(): readonly string[] {
    const groups = this.groups().filter(({ leftOut }) => leftOut > 0)
    const lines = groups.reduce((sum, { leftOut }) => sum + leftOut, 0)
    return [
      ...(lines > 0
        ? [
            `${count(lines, 'line')} of the log, from the middle of ${count(groups.length, 'step on a node', 'steps on nodes')}`,
          ]
        : []),
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

  /** Halves the number of lines, and does not trim a group of the failed before the others are down. */
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
    // What is cut off the first lines stands before the gap, so it goes first of all.
    const dropped = [...group.first.splice(half), ...group.last.splice(0, Math.max(0, group.last.length - half))]
    if (dropped.length === 0) return
    group.leftOut += dropped.length
    this.#charge(group, -dropped.reduce((sum, line) => sum + costOf(line), 0))
  }
}

const keyOf = (test: number, step: number, node: string) => `${test} ${step} ${node}`

const costOf = ([, , text]: LogLine): number => text.length + LINE_COST
