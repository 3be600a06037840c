import { setTimeout as delay } from 'node:timers/promises'

/** Longer than any wait on a busy machine, shorter than ava's timeout, which gives no reason. */
const LIMIT_MS = 90_000
const INTERVAL_MS = 10

/**
 * Polls a condition.
 * @param what describes the condition, for the message: `the lock is free`
 * @throws Error naming the condition when it is still false after {@link LIMIT_MS}
 */
export async function waitUntil(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + LIMIT_MS
  while (!condition()) {
    if (performance.now() > end) throw new Error(`timed out after ${LIMIT_MS / 1000} s waiting until ${what}`)
    await delay(INTERVAL_MS)
  }
}
