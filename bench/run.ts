import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { benchClusters } from './clusters.ts'
import { type Row, table, time } from './measure.ts'
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

/** Everything that can be measured, in its order. */
const PARTS = ['help', 'ovl', 'clusters', 'pods', 'steps', 'reports'] as const
const { values, positionals } = parseArgs({ allowPositionals: true, options: { nodes: { type: 'string' } } })
const most = Number(values.nodes ?? 100)
const isWanted = (part: (typeof PARTS)[number]) => positionals.length === 0 || positionals.includes(part)

try {
  const clusters = isWanted('clusters') ? benchClusters(work, environment, most) : undefined
  const rows: Row[] = [
    ...(isWanted('help') ? [help()] : []),
    ...(isWanted('ovl') ? benchOvl() : []),
    ...(clusters?.rows ?? []),
    ...(isWanted('pods') ? pods(environment) : []),
    ...(isWanted('steps') ? await steps(work, environment) : []),
    ...(isWanted('reports') ? [reporters(work, environment, most)] : []),
  ]
  const cpu = `${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.cpus().length} cores, Node ${process.versions.node}`
  process.stdout.write(`\n${cpu}\n\n${table(rows)}\n`)
  if (clusters) {
    process.stdout.write('\nWhere the time of `test bridge` goes, medians:\n\n| stage | s |\n|---|---|\n')
    for (const [stage, seconds] of Object.entries(clusters.split))
      process.stdout.write(`| ${stage} | ${seconds.toFixed(2)} |\n`)
    process.stdout.write(`\n${model(clusters)}\n`)
  }
} finally {
  spawnSync(NETNS, ['stop', '--all'], { env: { ...process.env, ...environment } })
  fs.rmSync(work, { recursive: true, force: true })
}
