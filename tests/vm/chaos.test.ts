import { randomInt } from 'node:crypto'
import test from 'ava'
import { playRound } from '../chaos/round.ts'

const ROUNDS = 5
/** Approximate duration of a run, within which faults are injected. */
const DURATION_MS = 8000

test('ends runs correctly and cleans up after random faults (npm run chaos runs more rounds)', async t => {
  t.timeout(1_500_000)
  const seed = randomInt(2 ** 31)
  for (let round = 1; round <= ROUNDS; round++) {
    const { what, problems, stderr } = await playRound(seed + round, DURATION_MS)
    t.deepEqual(problems, [], `npm run chaos -- --seed ${seed} --from ${round} --rounds 1\n${what}\n${stderr}`)
  }
})
