import type { RunEvent } from '../../events/events.ts'
import { attemptName } from '../../events/rules.ts'

/** How far a node is with what is under way. */
export interface NodeProgress {
  readonly name: string
  state: 'waiting' | 'done' | 'failed'
  /** When it was done, from the beginning of what is under way; undefined while it is not. */
  milliseconds: number | undefined
  /** The last line that it wrote, or why it failed: as it came, with whatever is in it. */
  text: string
}

/** What a run does at this moment. Times are milliseconds since the epoch. */
export interface Progress {
  begun: number
  /** Number of tests of the run. */
  tests: number
  /** 1 for the first test. */
  position: number
  /** The test's name with its turn; empty before the first. */
  test: string
  /** What is under way, and since when. */
  activity: string
  /** How far it is, where that is known: `: 120 of 480 pairs`. */
  done: string
  since: number
  /** What a node is called while it is not done, and then. */
  words: { readonly waiting: string; readonly done: string }
  nodes: Map<string, NodeProgress>
  /** How many nodes there are, some of which may have no name yet. */
  of: number
}

const COMING_UP = { waiting: 'coming up', done: 'up' }
const IN_STEP = { waiting: 'running', done: 'ok' }

/** Gathers from events what is under way, and nothing of what is over. */
export function followProgress(): { readonly progress: Progress; on(event: RunEvent): void } {
  const progress: Progress = {
    begun: 0,
    tests: 0,
    position: 0,
    test: '',
    activity: 'preparing',
    done: '',
    since: 0,
    words: COMING_UP,
    nodes: new Map(),
    of: 0,
  }
  let planned: readonly string[] = []
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
        begin(event.at, 'VMs come up', COMING_UP, event.names, event.nodes)
        break
      case 'node-up':
        Object.assign(nodeOf(event.node), { state: 'done', milliseconds: event.at - progress.since })
        break
      case 'step-start':
        begin(event.at, `step ${event.index}${event.of ? ` of ${event.of}` : ''}, ${event.step}`, IN_STEP, event.nodes)
        break
      case 'progress':
        progress.done = `: ${event.done} of ${event.of} pairs`
        break
      case 'output': {
        // By far the most frequent one: what is in the line matters only if it comes to be shown.
        const node = progress.nodes.get(event.node)
        if (node?.state === 'waiting') node.text = event.line
        break
      }
      case 'step-end': {
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
