import { runClock } from '../host/clock.ts'
import type { Emit, Listener } from './events.ts'

/**
 * Sends events to all listeners. A listener that throws is reported once, then disabled: a full disk under one report
 * must not end the run.
 * @param complain gets a line for each listener that fails
 */
export function eventStream(listeners: readonly Listener[], complain: (line: string) => void) {
  const failed = new Set<Listener>()
  const guard = (listener: Listener, error: unknown) => {
    failed.add(listener)
    complain(`report '${listener.name}' failed and is disabled: ${error instanceof Error ? error.message : error}`)
  }
  const shown = new Set<string>()
  const emit: Emit = event => {
    if (event.type === 'notice' && event.once) {
      if (shown.has(event.text)) return
      shown.add(event.text)
    }
    const timed = { at: runClock(), ...event }
    for (const listener of listeners) {
      if (failed.has(listener)) continue
      try {
        listener.on(timed)
      } catch (error) {
        guard(listener, error)
      }
    }
  }
  const close = async () => {
    await Promise.all(
      listeners.map(async listener => {
        try {
          await listener.close?.()
        } catch (error) {
          if (!failed.has(listener)) guard(listener, error)
        }
      }),
    )
  }
  return { emit, close }
}
