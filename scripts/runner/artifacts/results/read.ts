import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../../../errors/failure.ts'
import { capture, type Node } from '../../../ssh/node.ts'

const ATTEMPTS = 3
const PAUSE_MS = 250
/** Errors of the node or of ssh: the command's own result is unknown. */
const NOT_RUN = ['NODE_LOST', 'COMMAND_REFUSED', 'NO_EXIT_CODE', 'SSH_REFUSED', 'SSH_FULL']

/**
 * {@link capture} for an idempotent command: retries when ssh fails.
 * @throws Failure (exit 4) of the last attempt; ANSWER_TOO_LONG; the signal's reason when that is aborted
 */
export async function captureReading(
  node: Node,
  words: readonly string[],
  signal: AbortSignal,
): ReturnType<typeof capture> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await capture(node, words, signal)
    } catch (error) {
      const mayRetry = error instanceof Failure && NOT_RUN.includes(error.code)
      if (!mayRetry || attempt === ATTEMPTS || signal.aborted) throw error
      await delay(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }
}
