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
  const stopTimer = afterRunning(milliseconds, () => {
    isOver = !signal.aborted
    controller.abort(reason())
  })
  const stopFollowing = follow(parent, controller)
  try {
    return await task({
      signal,
      get isOver() {
        return isOver
      },
    })
  } finally {
    stopTimer()
    stopFollowing()
  }
}

/** From one look at the clock to the next. */
const TICK_MS = 500
/** A timer that is later than that was not merely busy: the process was stopped (Ctrl-Z), or the host suspended. */
const STOPPED_MS = 1000

/**
 * Calls back once this process has run for some time. While it is stopped, what it waits for cannot be noticed: that time does not
 * count.
 * @param milliseconds any number
 * @returns what ends the waiting
 */
export function afterRunning(milliseconds: number, callback: () => void): () => void {
  let left = milliseconds
  let timer: NodeJS.Timeout
  const wait = () => {
    const planned = Math.min(left, TICK_MS)
    const begun = performance.now()
    timer = setTimeout(() => {
      const passed = performance.now() - begun
      left -= passed > planned + STOPPED_MS ? 0 : passed
      if (left > 0) wait()
      else callback()
    }, planned)
  }
  wait()
  return () => clearTimeout(timer)
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
