/** Pseudo-random numbers that are reproducible by a seed (mulberry32). */
export function seeded(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    /** 0 ≤ x < 1 */
    next,
    pick: <T>(choices: readonly T[]): T => choices[Math.floor(next() * choices.length)] as T,
    /** An integer, both bounds included. */
    between: (least: number, most: number) => least + Math.floor(next() * (most - least + 1)),
  }
}

export type Random = ReturnType<typeof seeded>
