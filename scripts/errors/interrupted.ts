/** Abort reason of a run that got a signal. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`)
    this.signal = signal
  }

  /** 128 + the signal's number, as shells report it. */
  get exitCode(): number {
    // getBuiltinModule: see launch/start.mjs; help loads this file, too.
    return 128 + process.getBuiltinModule('node:os').constants.signals[this.signal]
  }
}
