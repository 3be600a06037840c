import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { median, type Row, table, time } from './measure.ts'
import { benchOvl } from './ovl.ts'
import { pods } from './pods.ts'
import { steps } from './steps.ts'

// `npm run bench`: every row is a ratio to what a person would use instead, measured in the same run.

const TOP = path.resolve(import.meta.dirname, '..')
const NETNS = path.join(TOP, 'netns.ts')
const QUICK_RUNS = 7
const VM_RUNS = 3

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

/** The whole of `test bridge`, four VMs; its log tells where the time goes. */
function bridge(split: Record<string, number[]>): Row {
  const ours = repeat(VM_RUNS, () => {
    const { milliseconds, stdout } = time([NETNS, 'test', 'bridge'], environment)
    for (const [stage, value] of Object.entries(stages(stdout, milliseconds))) {
      split[stage] = [...(split[stage] ?? []), value]
    }
    return milliseconds
  })
  // A person without this program boots VMs, too: the least is one VM that comes up and does nothing.
  const theirs = repeat(VM_RUNS, () => time([NETNS, 'test', 'start', '--nvm=1'], environment).milliseconds)
  return {
    what: '`test bridge`, 4 VMs with 4 PODs each',
    ours,
    insteadOf: '`test start --nvm=1`: one VM, no PODs',
    theirs,
  }
}

function stages(log: string, total: number): Record<string, number> {
  const at = (pattern: RegExp, which: 'first' | 'last' = 'first'): number => {
    const lines = log.split('\n').filter(line => pattern.test(line))
    const [, hours, minutes, seconds] = /^(\d+):(\d+):([\d.]+)/.exec(lines.at(which === 'first' ? 0 : -1) ?? '') ?? []
    return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  }
  const begun = at(/ cluster: /)
  const up = at(/is up \(4 of 4\)/)
  const stage = (step: string) => at(new RegExp(`bridge/${step} - passed`), 'last')
  const [created, bridged, pinged] = ['create_with_addresses', 'linux_bridge', 'bridge_ping'].map(stage) as [
    number,
    number,
    number,
  ]
  return {
    'ovl packed, VMs booted and logged in to': up - begun,
    'create_with_addresses on all': created - up,
    'linux_bridge on all': bridged - created,
    'bridge_ping on all': pinged - bridged,
    'start of the program, and end of the VMs': total - (pinged - begun),
  }
}

try {
  const split: Record<string, number[]> = {}
  const rows: Row[] = [help(), ...benchOvl(), bridge(split), ...pods(environment), ...(await steps(work, environment))]
  process.stdout.write(
    `${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.cpus().length} cores, Node ${process.versions.node}\n\n`,
  )
  process.stdout.write(`${table(rows)}\n\n`)
  process.stdout.write('Where the time of `test bridge` goes, medians:\n\n| stage | s |\n|---|---|\n')
  for (const [stage, values] of Object.entries(split))
    process.stdout.write(`| ${stage} | ${(median(values) / 1000).toFixed(2)} |\n`)
} finally {
  spawnSync(NETNS, ['stop', '--all'], { env: { ...process.env, ...environment } })
  fs.rmSync(work, { recursive: true, force: true })
}
