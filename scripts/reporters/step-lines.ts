import type { FailedStep, RunEvent } from '../events/events.ts'
import { describeStep, noteOf } from '../events/outcomes.ts'
import { plainText } from '../host/text.ts'
import { describeFailedStep, newLines } from './failed-step.ts'

type EventOf<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>

/** Maximum number of lines besides the common one. */
const SHOWN_LINES = 8
/** How many nodes have their failures printed, and how many are named in parentheses. */
const SHOWN_NODES = 3
const NAMED_NODES = 4
/** Prefix of a node's line about its step (docs/xcluster.md). */
const TITLE = 'TEST CASE: '

/** A line of the summary. */
export interface StepLine {
  /** `4 nodes`, `vm-002`; undefined for a continuation line. */
  readonly who: string | undefined
  readonly kind: 'nodes' | 'failure' | 'more'
  readonly text: string
}

/** Collects stderr and outcome of a step on all nodes, and merges identical lines. */
export class StepLines {
  readonly #step: string
  readonly #nodes: readonly string[]
  readonly #titles = new Map<string, string>()
  /** The nodes that wrote each line, in order. */
  readonly #lines = new Map<string, Set<string>>()
  #longest = 0
  readonly #ended = new Map<string, FailedStep | undefined>()
  /** Reasons of skipped nodes and warnings. */
  readonly #notes = new Set<string>()

  constructor({ step, nodes, title }: EventOf<'step-start'>) {
    this.#step = step
    this.#nodes = nodes
    if (title !== undefined) for (const node of nodes) this.#titles.set(node, plainText(title))
  }

  add({ node, stream, line }: EventOf<'output'>): void {
    if (stream === 'stdout') return
    const text = plainText(line)
    if (text.startsWith(TITLE)) this.#titles.set(node, text.slice(TITLE.length))
    else if (this.#lines.has(text) || this.#lines.size < 1000)
      this.#lines.set(text, (this.#lines.get(text) ?? new Set()).add(node))
  }

  end(event: EventOf<'step-end'>): void {
    const { node, failure, milliseconds } = event
    this.#ended.set(node, failure)
    if (noteOf(event) !== undefined) this.#notes.add(describeStep(event))
    this.#longest = Math.max(this.#longest, milliseconds)
  }

  get isOver(): boolean {
    return this.#ended.size >= this.#nodes.length
  }

  get hasFailed(): boolean {
    return this.failures.length > 0
  }

  get failures(): readonly FailedStep[] {
    return [...this.#ended.values()].flatMap(failure => failure ?? [])
  }

  /** The lines of the step; none for a passed step of the host, which has its own line. */
  nodeLines(): readonly StepLine[] {
    const titles = [...new Set(this.#titles.values())]
    if (titles.length === 0 && this.#lines.size === 0 && this.isOver && !this.hasFailed) return []
    const title = titles.length === 1 ? titles[0] : this.#step
    const head: StepLine = { who: this.#who(this.#nodes), kind: 'nodes', text: `${TITLE}${title}: ${this.#result()}` }
    const unexplained = [...this.#lines].filter(([text]) => !this.failures.some(({ why }) => text.includes(why)))
    const shown = unexplained
      .slice(0, SHOWN_LINES)
      .map(([text, nodes]): StepLine => ({ who: this.#who([...nodes]), kind: 'nodes', text }))
    const more = unexplained.length - shown.length
    return [
      ...(titles.length > 0 ? [head] : []),
      ...shown,
      ...(more > 0 ? [rest(`${more} more lines in the log`)] : []),
    ]
  }

  /** @param isExplained the diagnosis covers the failures: omit their last lines */
  failureLines(isExplained: boolean): readonly StepLine[] {
    const shown = this.failures
      .slice(0, SHOWN_NODES)
      .flatMap((failure): readonly StepLine[] => [
        { who: undefined, kind: 'failure', text: `FAILED: ${describeFailedStep(failure)}` },
        ...(isExplained ? [] : newLines(failure).map(rest)),
      ])
    const others = this.failures.slice(SHOWN_NODES).map(({ node }) => node)
    return others.length === 0 ? shown : [...shown, rest(`and on ${this.#who(others)}: see the log`)]
  }

  #result(): string {
    const failed = this.failures.length
    if (!this.isOver) return `not finished on ${this.#who(this.#nodes.filter(node => !this.#ended.has(node)))}`
    if (failed === 0 && this.#notes.size > 0) return [...this.#notes].join('; ')
    if (failed === 0) return `ok, ${(this.#longest / 1000).toFixed(1)} s`
    return failed === this.#nodes.length ? 'FAILED' : `FAILED on ${failed} of ${this.#nodes.length}`
  }

  #who(nodes: readonly string[]): string {
    if (nodes.length === 1) return nodes[0] as string
    if (nodes.length === this.#nodes.length || nodes.length > NAMED_NODES) return `${nodes.length} nodes`
    return nodes.join(' ')
  }
}

const rest = (text: string): StepLine => ({ who: undefined, kind: 'more', text })
