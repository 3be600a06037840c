import { createHash } from 'node:crypto'

/** Pseudo-random numbers, reproducible by a seed. */
export interface Random {
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number
  pick<T>(choices: readonly T[]): T
  bytes(count: number): Buffer
}

/** @param names the seed: different names give different numbers */
export function randomOf(...names: readonly (string | number)[]): Random {
  // mulberry32, by Tommy Ettinger (public domain).
  let state = createHash('sha256').update(names.join(' ')).digest().readUInt32LE()
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick: choices => choices[below(choices.length)] as (typeof choices)[number],
    bytes: count => Buffer.from(Array.from({ length: count }, () => below(256))),
  }
}
