import { runClock } from '../host/clock.ts'
import type { Emit, NewEvent } from './events.ts'

type StepEvent = Extract<NewEvent, { readonly index: number }>

/** A step that has begun but cannot be reported yet. */
interface Held {
  readonly index: number
  readonly within: number | undefined
  readonly events: StepEvent[]
}

/**
 * Reports steps that run at the same time one after the other, with the times at which they happened: reports show
 * steps within steps, but not beside each other. `flush` reports all that is held.
 */
export function inOrder(emit: Emit): { readonly emit: Emit; flush(): void } {
  /** The reported steps that have not ended, each within the one before, with their nodes that have not ended. */
  const open: { readonly index: number; readonly nodes: Set<string> }[] = []
  const held: Held[] = []
  const canOpen = (within: number | undefined) => open.length === 0 || open.at(-1)?.index === within

  const report = (event: StepEvent) => {
    emit(event)
    if (event.type === 'step-start') open.push({ index: event.index, nodes: new Set(event.nodes) })
    if (event.type !== 'step-end') return
    const position = open.findIndex(({ index }) => index === event.index)
    const step = open[position]
    step?.nodes.delete(event.node)
    if (step?.nodes.size !== 0) return
    open.splice(position, 1)
    release()
  }
  const release = () => {
    const position = held.findIndex(({ within }) => canOpen(within))
    const [next] = position < 0 ? [] : held.splice(position, 1)
    if (!next) return
    take(next)
    release()
  }
  /** Its later events may follow while it is open. */
  const take = ({ events }: Held) => {
    for (const event of events) report(event)
  }
  const on = (event: NewEvent) => {
    if (!('index' in event)) return emit(event)
    const timed = { at: runClock(), ...event }
    const waiting = held.find(({ index }) => index === timed.index)
    if (waiting) waiting.events.push(timed)
    else if (timed.type === 'step-start' && !canOpen(timed.within))
      held.push({ index: timed.index, within: timed.within, events: [timed] })
    else report(timed)
  }
  const flush = () => {
    open.length = 0
    for (const each of held.splice(0)) take(each)
    open.length = 0
  }
  return { emit: on, flush }
}
