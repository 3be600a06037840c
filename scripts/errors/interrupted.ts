/** What a run is ended with when the system or the person says so by a signal. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`)
    this.signal = signal
  }

  /** 128 + the signal's number, as a shell tells it. */
  get exitCode(): number {
    // As in launch/start.mjs: help reads this file, too.
    return 128 + process.getBuiltinModule('node:os').constants.signals[this.signal]
  }
}
