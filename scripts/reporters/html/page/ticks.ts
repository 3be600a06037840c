/** Steps of a scale that people read easily, in seconds. */
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600]
const MOST = 8

/** Where to mark a time axis that is so many seconds long: some round numbers from 0 on. */
export function ticks(seconds: number): readonly number[] {
  const step = STEPS.find(candidate => seconds / candidate <= MOST) ?? seconds / MOST
  const marks = Math.floor(seconds / step) + 1
  return Array.from({ length: marks }, (_, index) => Number((index * step).toFixed(1)))
}
