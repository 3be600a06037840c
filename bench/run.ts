import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { callersEnvironment } from '../scripts/host/environment.ts'
import { readDirectories } from '../scripts/settings/settings.ts'
import { benchClusters } from './clusters.ts'
import { benchCni } from './cni.ts'
import { HEAD, line, type Row, time } from './measure.ts'
import { model } from './model.ts'
import { benchNamespaces } from './namespaces.ts'
import { benchOvl } from './ovl.ts'
import { pods } from './pods.ts'
import { reporters } from './reporters.ts'
import { rsh } from './rsh.ts'
import { benchRules } from './rules.ts'
import { steps } from './steps.ts'

// `npm run bench [-- <part>… --nodes <max>]`: compares each part with what a user would use instead, in the same run.

const TOP = path.resolve(import.meta.dirname, '..')
const NETNS = path.join(TOP, 'netns.ts')
const QUICK_RUNS = 7

const { values, positionals } = readArguments()
const maxNodes = Number(values.nodes ?? 100)

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bench-'))
const cache = path.dirname(readDirectories(callersEnvironment).cache)
const environment = { XDG_STATE_HOME: work, CI: 'true', HOME: work, XDG_CACHE_HOME: cache }

function repeat(count: number, run: () => number): number[] {
  return Array.from({ length: count }, () => {
    process.stderr.write('.')
    return run()
  })
}

function help(): Row {
  return {
    label: '`./netns.ts --help`',
    times: repeat(QUICK_RUNS, () => time([NETNS, '--help']).milliseconds),
    baseline: '`node -e 0`',
    baselineTimes: repeat(QUICK_RUNS, () => time([process.execPath, '-e', '0']).milliseconds),
  }
}

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options: { nodes: { type: 'string' } } })
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\nusage: npm run bench [-- [part…] [--nodes <most>]]\n`)
    process.exit(2)
  }
}

/** Prints each row immediately, as a later part may fail after an hour. */
const add = (row: Row): void => void process.stdout.write(`${line(row)}\n`)

function printStages(run: string, stages: Readonly<Record<string, number>>): void {
  process.stdout.write(`\nStages of \`${run}\`, medians:\n\n| stage | s |\n|---|---|\n`)
  for (const [stage, seconds] of Object.entries(stages)) process.stdout.write(`| ${stage} | ${seconds.toFixed(2)} |\n`)
}

/** Parts in their order. Clusters are last: their additional output ends the table. */
const parts: Readonly<Record<string, () => void | Promise<void>>> = {
  help: () => add(help()),
  ovl: () => benchOvl().forEach(add),
  steps: async () => (await steps(work, environment)).forEach(add),
  rsh: async () => (await rsh(work, environment)).forEach(add),
  pods: () => pods(environment).forEach(add),
  reports: () => add(reporters(work, environment, maxNodes)),
  rules: async () => void process.stdout.write(`\n${await benchRules(environment, maxNodes)}\n`),
  namespaces: () => {
    const { stages, memory } = benchNamespaces(work, environment, maxNodes, add)
    printStages('test bridge --cluster namespaces', stages)
    const head = '| test, nodes | processes, MiB a node | host in all, MiB a node |\n|---|---|---|'
    if (memory.length > 0) process.stdout.write(`\n${head}\n${memory.join('\n')}\n`)
  },
  cni: () => benchCni(work, environment, add),
  clusters: () => {
    const clusters = benchClusters(work, environment, maxNodes, add)
    printStages('test bridge', clusters.stages)
    process.stdout.write(`\n${model(clusters)}\n`)
  },
}
const unknown = positionals.filter(part => !parts[part])

try {
  if (unknown.length === 0) await measure()
  else {
    process.stderr.write(`unknown parts: ${unknown.join(', ')}; known are: ${Object.keys(parts).join(', ')}\n`)
    process.exitCode = 2
  }
} finally {
  spawnSync(NETNS, ['stop', '--all'], { env: { ...callersEnvironment, ...environment } })
  fs.rmSync(work, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const cpu = `${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.cpus().length} cores, Node ${process.versions.node}`
  process.stdout.write(`${cpu}\n\n${HEAD}\n`)
  for (const [part, run] of Object.entries(parts)) {
    if (positionals.length > 0 && !positionals.includes(part)) continue
    try {
      await run()
    } catch (error) {
      // Continue with the other parts.
      process.stderr.write(`\n${part}: ${error instanceof Error ? error.message : error}\n`)
      process.exitCode = 1
    }
  }
}
