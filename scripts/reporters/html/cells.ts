// The pairs of a matrix as arrays of bytes, one per property, which compress best. Written by matrix.ts, read by page/:
// this file runs on both sides, so it imports nothing that a browser lacks.

/** States of a pair, `own` for none; drawn and named in this order. */
export const CELL_STATES = ['own', 'reached', 'closed', 'missing', 'open', 'shared', 'cut'] as const
export type CellState = (typeof CELL_STATES)[number]

/** A measured pair; times in milliseconds, undefined if there was no answer or if they were omitted. */
export interface Cell {
  readonly state: CellState
  readonly sent: number
  readonly received: number
  readonly mean: number | undefined
  readonly min: number | undefined
  readonly max: number | undefined
}

/** Limit of a byte. */
const MOST_PACKETS = 255
/** A time is coded as three significant digits, like fping's below a second, and a power of ten. */
const DIGIT_BITS = 10
const POWER_BIAS = 32
const DIGITS = 3
const NO_TIME = 0

/** Per pair: a byte for the state, one each for packets sent and received, two for the mean time. */
export interface CellArrays {
  readonly states: Uint8Array
  readonly sent: Uint8Array
  readonly received: Uint8Array
  readonly means: Uint16Array
}

const CELL_BYTES = 5

/** @returns views of `bytes` */
export function cellArrays(
  pairs: number,
  bytes: Uint8Array = new Uint8Array(pairs * CELL_BYTES),
): CellArrays & { bytes: Uint8Array } {
  if (bytes.length !== pairs * CELL_BYTES) throw new Error(`${bytes.length} bytes are not those of ${pairs} pairs`)
  const { buffer, byteOffset } = bytes
  return {
    bytes,
    // Times first: they must be aligned.
    means: new Uint16Array(buffer, byteOffset, pairs),
    states: new Uint8Array(buffer, byteOffset + pairs * 2, pairs),
    sent: new Uint8Array(buffer, byteOffset + pairs * 3, pairs),
    received: new Uint8Array(buffer, byteOffset + pairs * 4, pairs),
  }
}

/** Minimum and maximum times. */
export function rangeArrays(pairs: number, bytes: Uint8Array = new Uint8Array(pairs * 4)) {
  if (bytes.length !== pairs * 4) throw new Error(`${bytes.length} bytes are not the ranges of ${pairs} pairs`)
  const { buffer, byteOffset } = bytes
  return {
    bytes,
    mins: new Uint16Array(buffer, byteOffset, pairs),
    maxs: new Uint16Array(buffer, byteOffset + pairs * 2, pairs),
  }
}

export const encodeCount = (count: number): number => Math.min(Math.max(count, 0), MOST_PACKETS)

/** @param time in milliseconds; undefined and NaN become no time */
export function encodeTime(time: number | undefined): number {
  if (time === undefined || !(time > 0) || !Number.isFinite(time)) return NO_TIME
  const [digits = '0', power = '0'] = time.toExponential(DIGITS - 1).split('e')
  const mantissa = Math.round(Number(digits) * 10 ** (DIGITS - 1))
  const exponent = Number(power) - (DIGITS - 1) + POWER_BIAS
  return exponent < 0 || exponent >= 2 ** (16 - DIGIT_BITS) ? NO_TIME : exponent * 2 ** DIGIT_BITS + mantissa
}

export function decodeTime(code: number): number | undefined {
  if (code === NO_TIME) return undefined
  return Number(`${code % 2 ** DIGIT_BITS}e${Math.floor(code / 2 ** DIGIT_BITS) - POWER_BIAS}`)
}
