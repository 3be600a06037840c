import { createHash } from 'node:crypto'
import type { Member } from './member.ts'

/** Host numbers of an IPv4 /24 network, without network (0) and broadcast address (255). */
const NUMBERS = 254

export const RND_ADDRESSES = 'etc/rnd-addresses'

/**
 * `etc/rnd-addresses`: the numbers 1–254 in random order, one per line. The same seed gives the same order everywhere.
 * @param seed 0–2³²-1
 */
export function rndAddresses(seed: number): Member {
  return { type: 'file', path: RND_ADDRESSES, executable: false, content: [Buffer.from(rndAddressesText(seed))] }
}

/** The content of that file. */
export function rndAddressesText(seed: number): string {
  const numbers = Array.from({ length: NUMBERS }, (_, index) => index + 1)
  return shuffle(numbers, seed)
    .map(number => `${number}\n`)
    .join('')
}

/** Shuffles without bias (Fisher–Yates). */
export function shuffle<T>(values: readonly T[], seed: number): T[] {
  const shuffled = [...values]
  const draw = randomNumbers(seed)
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const chosen = draw(last + 1)
    const [a, b] = [shuffled[last] as T, shuffled[chosen] as T]
    shuffled[last] = b
    shuffled[chosen] = a
  }
  return shuffled
}

/**
 * Draws numbers below a limit from the stream SHA-256("<seed>:0"), SHA-256("<seed>:1"), …, read as 32-bit big-endian
 * numbers. Unlike a language's own generator, this never changes.
 */
function randomNumbers(seed: number): (limit: number) => number {
  let block = 0
  let words: number[] = []
  const nextWord = (): number => {
    if (words.length === 0) {
      const digest = createHash('sha256').update(`${seed}:${block}`).digest()
      block += 1
      words = Array.from({ length: digest.length / 4 }, (_, index) => digest.readUInt32BE(index * 4))
    }
    return words.shift() ?? 0
  }
  return limit => {
    // Values above the largest multiple of the limit would favor small numbers.
    const fair = 2 ** 32 - (2 ** 32 % limit)
    let word = nextWord()
    while (word >= fair) word = nextWord()
    return word % limit
  }
}
