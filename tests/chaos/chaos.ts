import { randomInt } from 'node:crypto'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { KINDS, type Kind } from './faults.ts'
import { playRound } from './round.ts'

const HELP = `usage: npm run chaos -- [--rounds <n>] [--seed <n>] [--from <round>] [--seconds <n>] [--kind <kind>]

Injects a fault into a test run at a random moment, and checks the result, the messages and the cleanup.
To repeat a failed round: npm run chaos -- --seed <n> --from <round> --rounds 1

  --rounds <n>    number of rounds (default: 200)
  --seed <n>      seed of the random numbers (default: random)
  --from <round>  first round (default: 1)
  --seconds <n>   duration of a run on this host, within which faults are injected (default: 8; for xcluster 20, for
                  namespaces 1)
  --kind <kind>   cluster kind: ${KINDS.join(', ')} (default: embedded);
                  xcluster is the fake one of the tests, and uses xcluster's ports`

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
const duration = values.seconds ?? { embedded: '8', xcluster: '20', namespaces: '1' }[kind]
const [rounds = 0, seed = 0, from = 0, seconds = 0] = [values.rounds, values.seed, values.from, duration].map(Number)
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
  const { what, problems, stderr } = await playRound(seed + round, seconds * 1000, kind)
  process.stdout.write(`${round}: ${problems.length === 0 ? 'ok' : 'FAILED'}: ${what}\n`)
  if (problems.length === 0) continue
  failed += 1
  process.stdout.write([...problems, ...stderr.trimEnd().split('\n')].map(line => `    ${line}\n`).join(''))
}
process.stdout.write(`${rounds - failed} of ${rounds} rounds passed\n`)
process.exitCode = failed > 0 ? 1 : 0
