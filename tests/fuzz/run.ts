import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { fuzzArchives } from './archives.ts'
import { fuzzGuests } from './guests.ts'

const HELP = `usage: npm run fuzz -- [--seed <n>] [--round <n>] [--archives <n>] [--guests <n>]

Packs the ovl from mutated archives, and reads every protocol from a node with random responses. To repeat a failed
round: npm run fuzz -- --seed <n> --round <n>

  --seed <n>      seed of the random numbers (default: random)
  --round <n>     run only this round
  --archives <n>  rounds of archives (default: 10000)
  --guests <n>    rounds of guests (default: 5000)`

const say = (line: string) => process.stdout.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    round: { type: 'string' },
    archives: { type: 'string', default: '10000' },
    guests: { type: 'string', default: '5000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  say(HELP)
} else {
  const seed = Number(values.seed)
  const roundsOf = (count: string) =>
    values.round === undefined
      ? Array.from({ length: Number(count) }, (_, index) => index)
      : Number(count) > 0
        ? [Number(values.round)]
        : []
  const own = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-fuzz-'))
  say(`seed ${seed}`)
  for (const [name, campaign, rounds] of [
    ['archives', fuzzArchives, roundsOf(values.archives)],
    ['guests', fuzzGuests, roundsOf(values.guests)],
  ] as const) {
    const directory = path.join(own, name)
    fs.mkdirSync(directory)
    say(`${name}: ${rounds.length} rounds, ${JSON.stringify(await campaign(directory, seed, rounds))}`)
  }
  say(`peak memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`)
  fs.rmSync(own, { recursive: true })
}
