export interface Deadline {
  /** Aborted when the time is over, or by the parent. */
  readonly signal: AbortSignal
  /** True after a timeout, false when the parent aborted first. */
  readonly isOver: boolean
}

export interface DeadlineOptions {
  /** Aborts the task too, with its own reason. */
  readonly parent?: AbortSignal | undefined
  /** Abort reason after a timeout; default: an Error `timed out after <n> s`. */
  readonly reason?: () => unknown
}

/**
 * Runs a task with a timeout. Use this instead of `AbortSignal.timeout()` in `AbortSignal.any()`, which is held weakly
 * and lost when it is garbage-collected (nodejs/node#57736).
 * @param task must observe the deadline's signal
 */
export async function withDeadline<T>(
  milliseconds: number,
  task: (deadline: Deadline) => Promise<T>,
  { parent, reason = () => new Error(`timed out after ${milliseconds / 1000} s`) }: DeadlineOptions = {},
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

const TICK_MS = 500
/** A timer that fires later than this was not just delayed: the process was stopped (Ctrl-Z), or the host suspended. */
const STOPPED_MS = 1000

/**
 * Like `setTimeout`, but does not count time in which this process was stopped, and has no upper limit.
 * @returns cancels the timer
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
 * Aborts a controller when a signal is aborted, as `AbortSignal.any()` does, but with a strong reference.
 * @returns stops following the signal
 */
export function follow(parent: AbortSignal | undefined, controller: AbortController): () => void {
  const abort = () => controller.abort(parent?.reason)
  if (parent?.aborted) abort()
  parent?.addEventListener('abort', abort, { once: true })
  return () => parent?.removeEventListener('abort', abort)
}
