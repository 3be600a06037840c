import { randomInt } from 'node:crypto'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { KINDS, type Kind } from './faults.ts'
import { playRound } from './round.ts'

const HELP = `usage: npm run chaos -- [--rounds <n>] [--seed <n>] [--from <round>] [--seconds <n>] [--kind <kind>]

Runs tests with a fault at a random moment each, and checks what they say and what is left of them. A failure is repeated with its seed and
number: npm run chaos -- --seed <n> --from <round> --rounds 1.

  --rounds <n>    how many (200)
  --seed <n>      of the random numbers; another one each time when missing
  --from <round>  the first one (1)
  --seconds <n>   how long a run takes here: faults come in this time (8; on xcluster 20)
  --kind <kind>   of the cluster: ${KINDS.join(' or ')}, which is the tests' stand-in and takes the ports of xcluster (embedded)`

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    from: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    kind: { type: 'string', default: 'embedded' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const kind = KINDS.find(each => each === values.kind) as Kind
const whole = values.seconds ?? (kind === 'xcluster' ? '20' : '8')
const [rounds = 0, seed = 0, from = 0, seconds = 0] = [values.rounds, values.seed, values.from, whole].map(Number)
if (values.help) {
  process.stdout.write(`${HELP}\n`)
  process.exit(0)
}
if (!kind || ![rounds, seed, from, seconds].every(value => Number.isFinite(value) && value >= 0)) {
  process.stderr.write(`${HELP}\n`)
  process.exit(2)
}
let failed = 0
process.stdout.write(`seed ${seed}\n`)
for (let round = from; round < from + rounds; round++) {
  const { what, complaints, stderr } = await playRound(seed + round, seconds * 1000, kind)
  process.stdout.write(`${round}: ${complaints.length === 0 ? 'ok' : 'FAILED'}: ${what}\n`)
  if (complaints.length === 0) continue
  failed += 1
  process.stdout.write([...complaints, ...stderr.trimEnd().split('\n')].map(line => `    ${line}\n`).join(''))
}
process.stdout.write(`${rounds - failed} of ${rounds} rounds as they must be\n`)
process.exitCode = failed > 0 ? 1 : 0
