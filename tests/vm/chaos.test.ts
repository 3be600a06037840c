import { randomInt } from 'node:crypto'
import test from 'ava'
import { playRound } from '../chaos/round.ts'

const ROUNDS = 5
/** About what a run takes: when faults come. */
const WHOLE_MS = 8000

test('runs end as they must whatever happens to them, and leave nothing (npm run chaos does more of it)', async t => {
  t.timeout(1_500_000)
  const seed = randomInt(2 ** 31)
  for (let round = 1; round <= ROUNDS; round++) {
    const { what, problems, stderr } = await playRound(seed + round, WHOLE_MS)
    t.deepEqual(problems, [], `npm run chaos -- --seed ${seed} --from ${round} --rounds 1\n${what}\n${stderr}`)
  }
})
