import type { RunEvent } from '../../events/events.ts'
import { attemptName } from '../../events/outcomes.ts'

/** Progress of a node. */
export interface NodeProgress {
  readonly name: string
  state: 'waiting' | 'done' | 'failed'
  /** Time until it was done; undefined before. */
  milliseconds: number | undefined
  /** Its last line, or why it failed; untrusted. */
  text: string
}

/** Progress of a run. Times are milliseconds since the epoch. */
export interface Progress {
  begun: number
  /** Number of tests of the run. */
  tests: number
  /** 1 for the first test. */
  position: number
  /** The name of the attempt; empty before the first test. */
  test: string
  /** The current activity and its start. */
  activity: string
  /** Its progress, if known: `: 120 of 480 pairs`. */
  done: string
  since: number
  /** Names of the states. */
  words: { readonly waiting: string; readonly done: string }
  nodes: Map<string, NodeProgress>
  /** Number of nodes; some may have no name yet. */
  of: number
}

const STARTING = { waiting: 'starting', done: 'up' }
const IN_STEP = { waiting: 'running', done: 'ok' }

/** Folds events into the current progress. */
export function followProgress(): { readonly progress: Progress; on(event: RunEvent): void } {
  const progress: Progress = {
    begun: 0,
    tests: 0,
    position: 0,
    test: '',
    activity: 'preparing',
    done: '',
    since: 0,
    words: STARTING,
    nodes: new Map(),
    of: 0,
  }
  let planned: readonly string[] = []
  /** The index of the step shown: the last that began. */
  let shown = 0
  const begin = (at: number, activity: string, words = IN_STEP, names: readonly string[] = [], of = names.length) => {
    const nodes = new Map(names.map(name => [name, waiting(name)]))
    Object.assign(progress, { activity, done: '', since: at, words, nodes, of })
  }
  const nodeOf = (name: string) => {
    const node = progress.nodes.get(name) ?? waiting(name)
    progress.nodes.set(name, node)
    return node
  }
  const on = (event: RunEvent) => {
    switch (event.type) {
      case 'run-start':
        planned = event.tests
        Object.assign(progress, { begun: event.at, tests: planned.length })
        begin(event.at, 'preparing')
        break
      case 'test-start':
        progress.test = attemptName(event.test, event.turn)
        progress.position = planned.indexOf(event.test) + 1
        begin(event.at, 'preparing')
        break
      case 'cluster-start':
        begin(event.at, 'nodes start', STARTING, event.names, event.nodes)
        break
      case 'node-up':
        Object.assign(nodeOf(event.node), { state: 'done', milliseconds: event.at - progress.since })
        break
      case 'step-start':
        shown = event.index
        begin(event.at, `step ${event.index}${event.of ? ` of ${event.of}` : ''}, ${event.step}`, IN_STEP, event.nodes)
        break
      case 'progress':
        progress.done = `: ${event.done} of ${event.of} pairs`
        break
      case 'output': {
        // The most frequent event: lines are sanitized only when shown.
        const node = progress.nodes.get(event.node)
        if (node?.state === 'waiting') node.text = event.line
        break
      }
      case 'step-end': {
        // A step around it ends later.
        if (event.index !== shown) break
        const { failure, milliseconds } = event
        const state = failure ? 'failed' : 'done'
        Object.assign(nodeOf(event.node), { state, milliseconds, text: failure?.why ?? '' })
        break
      }
      case 'test-end':
        begin(event.at, event.verdict)
        break
    }
  }
  return { progress, on }
}

const waiting = (name: string): NodeProgress => ({ name, state: 'waiting', milliseconds: undefined, text: '' })
