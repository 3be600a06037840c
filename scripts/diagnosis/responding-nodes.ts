import { afterRunning, follow } from '../host/deadline.ts'
import { capture, type Node } from '../ssh/node.ts'

/** Timeouts of respondingNodes in milliseconds. */
export interface ResponseTimeouts {
  /** Until the first answer. */
  readonly first: number
  /** From one answer to the next: emulated nodes on a busy host answer late, but one after the other. */
  readonly next: number
  readonly all: number
}

const RESPONSE_TIMEOUTS: ResponseTimeouts = { first: 6000, next: 3000, all: 20_000 }

/**
 * Runs `true` on all nodes, and stops waiting once no node has answered for a while.
 * @throws the signal's reason when it is aborted
 */
export async function respondingNodes(
  nodes: readonly Node[],
  parent: AbortSignal,
  timeouts: ResponseTimeouts = RESPONSE_TIMEOUTS,
): Promise<readonly Node[]> {
  const answering = new Set<Node>()
  const controller = new AbortController()
  const { signal } = controller
  const giveUp = () => controller.abort(new Error('no answer'))
  const stopFollowing = follow(parent, controller)
  const stopAll = afterRunning(timeouts.all, giveUp)
  let stopWaiting = afterRunning(timeouts.first, giveUp)
  const ask = async (node: Node) => {
    try {
      await capture(node, ['true'], signal)
    } catch {
      return
    }
    answering.add(node)
    stopWaiting()
    stopWaiting = afterRunning(timeouts.next, giveUp)
  }
  try {
    await Promise.all(nodes.map(ask))
  } finally {
    stopWaiting()
    stopAll()
    stopFollowing()
  }
  parent.throwIfAborted()
  return nodes.filter(node => answering.has(node))
}
