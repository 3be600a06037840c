import os from 'node:os'

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
    return 128 + os.constants.signals[this.signal]
  }
}
