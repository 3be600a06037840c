/** Time that a task has. */
export interface Deadline {
  /** Aborts when the time is over, or with the parent signal. */
  readonly signal: AbortSignal
  /** Whether the time ran out, and not the parent was aborted. */
  readonly isOver: boolean
}

export interface DeadlineOptions {
  /** Ends the task as well, with its own reason. */
  readonly parent?: AbortSignal | undefined
  /** What the signal's reason is when the time is over; an Error that says so by default. */
  readonly reason?: () => unknown
}

/** setTimeout's limit; beyond it, a timer fires at once. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Runs a task that must end in time. The only place where a time-out becomes a signal: `AbortSignal.timeout()` below
 * `AbortSignal.any()` is held weakly, and is lost when it is garbage-collected (nodejs/node#57736).
 * @param milliseconds how long the task has
 * @param task heeds the deadline's signal
 * @returns what the task returns
 * @throws what the task throws
 */
export async function withDeadline<T>(
  milliseconds: number,
  task: (deadline: Deadline) => Promise<T>,
  { parent, reason = () => new Error(`did not end in ${milliseconds / 1000} s`) }: DeadlineOptions = {},
): Promise<T> {
  const controller = new AbortController()
  const { signal } = controller
  let isOver = false
  const timer = setTimeout(
    () => {
      isOver = !signal.aborted
      controller.abort(reason())
    },
    Math.min(milliseconds, LONGEST_MS),
  )
  const stopFollowing = follow(parent, controller)
  try {
    return await task({
      signal,
      get isOver() {
        return isOver
      },
    })
  } finally {
    clearTimeout(timer)
    stopFollowing()
  }
}

/**
 * Aborts a controller with a signal, as `AbortSignal.any()` would; the signal holds it strongly.
 * @returns what ends that
 */
export function follow(parent: AbortSignal | undefined, controller: AbortController): () => void {
  const abort = () => controller.abort(parent?.reason)
  if (parent?.aborted) abort()
  parent?.addEventListener('abort', abort, { once: true })
  return () => parent?.removeEventListener('abort', abort)
}
