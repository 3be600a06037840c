// `npm run chaos -- [--rounds <n>] [--seed <n>] [--from <round>]`: runs with a fault at a random moment each, and what is left of them.
// A failure is repeated with its seed and number: `npm run chaos -- --seed <n> --from <round> --rounds 1`.
import { randomInt } from 'node:crypto'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { playRound } from './round.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    from: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '8' },
  },
})
const [rounds, seed, from, seconds] = [values.rounds, values.seed, values.from, values.seconds].map(Number) as [
  number,
  number,
  number,
  number,
]
if (![rounds, seed, from, seconds].every(value => Number.isFinite(value) && value >= 0)) {
  process.stderr.write('chaos: --rounds, --seed, --from and --seconds (how long a run takes here) are numbers\n')
  process.exit(2)
}
let failed = 0
process.stdout.write(`seed ${seed}\n`)
for (let round = from; round < from + rounds; round++) {
  const { what, complaints, stderr } = await playRound(seed + round, seconds * 1000)
  process.stdout.write(`${round}: ${complaints.length === 0 ? 'ok' : 'FAILED'}: ${what}\n`)
  if (complaints.length === 0) continue
  failed += 1
  process.stdout.write([...complaints, ...stderr.trimEnd().split('\n')].map(line => `    ${line}\n`).join(''))
}
process.stdout.write(`${rounds - failed} of ${rounds} rounds as they must be\n`)
process.exitCode = failed > 0 ? 1 : 0
