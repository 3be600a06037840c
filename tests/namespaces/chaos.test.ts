import { randomInt } from 'node:crypto'
import test from 'ava'
import { playRound } from '../chaos/round.ts'

const ROUNDS = 5
/** Approximate duration of a run, within which faults are injected. */
const DURATION_MS = 1000

test('ends runs correctly and cleans up after random faults (npm run chaos runs more rounds)', async t => {
  t.timeout(600_000)
  const seed = randomInt(2 ** 31)
  for (let round = 1; round <= ROUNDS; round++) {
    const { what, problems, stderr } = await playRound(seed + round, DURATION_MS, 'namespaces')
    const repeat = `npm run chaos -- --kind namespaces --seed ${seed} --from ${round} --rounds 1`
    t.deepEqual(problems, [], `${repeat}\n${what}\n${stderr}`)
  }
})
