import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { benchClusters } from './clusters.ts'
import { HEAD, line, type Row, time } from './measure.ts'
import { model } from './model.ts'
import { benchOvl } from './ovl.ts'
import { pods } from './pods.ts'
import { reporters } from './reporters.ts'
import { steps } from './steps.ts'

// `npm run bench [-- <part>… --nodes <most>]`: every row is a ratio to what a person would use instead, measured in the same run.

const TOP = path.resolve(import.meta.dirname, '..')
const NETNS = path.join(TOP, 'netns.ts')
const QUICK_RUNS = 7

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bench-'))
const environment = { XDG_STATE_HOME: work, CI: 'true', HOME: work, XDG_CACHE_HOME: cacheDirectory() }
/** The image is not made anew for a bench. */
function cacheDirectory(): string {
  return process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache')
}

function repeat(count: number, run: () => number): number[] {
  return Array.from({ length: count }, () => {
    process.stderr.write('.')
    return run()
  })
}

function help(): Row {
  return {
    what: '`./netns.ts --help`',
    ours: repeat(QUICK_RUNS, () => time([NETNS, '--help']).milliseconds),
    insteadOf: '`node -e 0`',
    theirs: repeat(QUICK_RUNS, () => time([process.execPath, '-e', '0']).milliseconds),
  }
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { nodes: { type: 'string' } } })
const most = Number(values.nodes ?? 100)

/** A row is written as soon as it is known: what takes an hour may end in an error. */
const add = (row: Row): void => void process.stdout.write(`${line(row)}\n`)
/** Everything that can be measured, in its order; what comes after the table is returned. */
const parts: Readonly<Record<string, () => string | Promise<string>>> = {
  help: () => rows([help()]),
  ovl: () => rows(benchOvl()),
  steps: async () => rows(await steps(work, environment)),
  pods: () => rows(pods(environment)),
  reports: () => rows([reporters(work, environment, most)]),
  clusters: () => {
    const clusters = benchClusters(work, environment, most, add)
    const split = Object.entries(clusters.split).map(([stage, seconds]) => `| ${stage} | ${seconds.toFixed(2)} |`)
    return `
Where the time of \`test bridge\` goes, medians:

| stage | s |
|---|---|
${split.join('\n')}

${model(clusters)}
`
  },
}

function rows(known: readonly Row[]): string {
  known.forEach(add)
  return ''
}

const wanted = positionals.length === 0 ? Object.keys(parts) : positionals
const unknown = wanted.filter(part => !parts[part])

try {
  if (unknown.length === 0) await measure()
  else {
    process.stderr.write(
      `nothing called '${unknown.join("', '")}' is measured; there are: ${Object.keys(parts).join(', ')}\n`,
    )
    process.exitCode = 2
  }
} finally {
  spawnSync(NETNS, ['stop', '--all'], { env: { ...process.env, ...environment } })
  fs.rmSync(work, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const cpu = `${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.cpus().length} cores, Node ${process.versions.node}`
  process.stdout.write(`${cpu}\n\n${HEAD}\n`)
  let after = ''
  for (const part of wanted) {
    try {
      after += await parts[part]?.()
    } catch (error) {
      // The other parts are worth having.
      process.stderr.write(`\n${part}: ${error instanceof Error ? error.message : error}\n`)
      process.exitCode = 1
    }
  }
  process.stdout.write(after)
}
