import { setTimeout as delay } from 'node:timers/promises'

/** Longer than anything takes on a busy machine, shorter than the limit after which ava gives up without saying why. */
const LIMIT_MS = 90_000
const INTERVAL_MS = 10

/**
 * Waits for a condition that has no event.
 * @param what is waited for, for the message
 * @throws Error naming it, when it is not so after {@link LIMIT_MS}
 */
export async function waitUntil(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + LIMIT_MS
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${LIMIT_MS / 1000} s in vain until ${what}`)
    await delay(INTERVAL_MS)
  }
}
