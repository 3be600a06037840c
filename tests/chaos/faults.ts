import fs from 'node:fs'
import path from 'node:path'
import type { Random } from './random.ts'

/** A run under way, as faults see it. */
export interface Victim {
  /** The process that runs the tests. */
  readonly runner: number
  /** $XDG_STATE_HOME of the run. */
  readonly state: string
  /** Where the cluster's files are, its processes' numbers in `<name>.pid` among them. */
  readonly files: string
  readonly random: Random
}

/** What is done to a run at some moment. */
export interface Fault {
  readonly name: string
  /** How the run starts, where that is the fault: a line for /bin/sh in front of it. */
  readonly limit?: (random: Random) => string
  /** The size of the file system that holds its state, in KiB. */
  readonly diskKiB?: (random: Random) => number
  /** @returns what was hit; undefined when there was nothing to hit */
  readonly strike?: (victim: Victim) => string | undefined
  /** Exit codes of a run that it hits, 137 for one that was killed. 0 is for runs that it does not hit, or too late. */
  readonly codes: readonly number[]
  /** A run may pass all the same: what it hits may not matter. */
  readonly mayPass?: boolean
  /** What a run says that may pass in spite of it, since it did again what was hit. */
  readonly survivedBy?: RegExp
  /** How long what it stops is stopped, in milliseconds. */
  readonly stoppedMs?: number
}

/** Kinds of clusters. */
export const KINDS = ['embedded', 'xcluster'] as const
export type Kind = (typeof KINDS)[number]

/** Signals a process of a cluster by the record that it wrote. */
const signalPart =
  (names: RegExp, signal: NodeJS.Signals) =>
  ({ files: directory, random }: Victim): string | undefined => {
    const files = filesOf(directory).filter(file => names.test(path.basename(file)))
    if (files.length === 0) return undefined
    const file = random.pick(files)
    const pid = Number.parseInt(read(file), 10)
    return pid > 0 && kill(pid, signal) ? `${path.basename(file)} ${pid}` : undefined
  }

const signalRunner =
  (signal: NodeJS.Signals) =>
  ({ runner }: Victim) =>
    kill(runner, signal) ? `runner ${runner}` : undefined

function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function filesOf(directory: string): readonly string[] {
  try {
    return fs
      .readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => path.join(entry.parentPath, entry.name))
      .sort()
  } catch {
    return []
  }
}

/** The process that waits for the end of the runner, to end its cluster. */
function killLeash({ state }: Victim): string | undefined {
  for (const pid of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    const [, , , name] = read(`/proc/${pid}/cmdline`).split('\0')
    if (name !== 'leash' || !read(`/proc/${pid}/environ`).split('\0').includes(`XDG_STATE_HOME=${state}`)) continue
    return kill(Number(pid), 'SIGKILL') ? `leash ${pid}` : undefined
  }
  return undefined
}

function withFile(names: RegExp, harm: (file: string, random: Random) => void) {
  return ({ files: directory, random }: Victim): string | undefined => {
    const files = filesOf(directory).filter(file => names.test(path.basename(file)))
    if (files.length === 0) return undefined
    const file = random.pick(files)
    try {
      harm(file, random)
      return path.basename(file)
    } catch {
      return undefined // gone meanwhile
    }
  }
}

const VM = /^vm-\d+\.pid$/
const SWITCH = /^net\d+\.pid$/
const LOST = [4]

const FAULTS: readonly Fault[] = [
  { name: 'kill -9 of the runner', strike: signalRunner('SIGKILL'), codes: [137] },
  { name: 'SIGINT', strike: signalRunner('SIGINT'), codes: [130] },
  { name: 'SIGTERM', strike: signalRunner('SIGTERM'), codes: [143] },
  { name: 'SIGHUP', strike: signalRunner('SIGHUP'), codes: [129] },
  { name: 'runner stopped', strike: signalRunner('SIGSTOP'), codes: [1, 4], mayPass: true, stoppedMs: 3000 },
  // A clone that ends before it is up falls back to a cold boot, once.
  {
    name: 'kill -9 of a VM',
    strike: signalPart(VM, 'SIGKILL'),
    codes: LOST,
    survivedBy: /; falling back to a cold boot$/m,
  },
  // It does not answer in time: a step that did not end, or a VM that is lost.
  { name: 'VM stopped', strike: signalPart(VM, 'SIGSTOP'), codes: [1, 4], mayPass: true },
  { name: 'kill -9 of a switch', strike: signalPart(SWITCH, 'SIGKILL'), codes: LOST },
  { name: 'switch stopped', strike: signalPart(SWITCH, 'SIGSTOP'), codes: LOST },
  { name: 'kill -9 of the leash', strike: killLeash, codes: [], mayPass: true },
  { name: 'record removed', strike: withFile(/^cluster\.json$/, file => fs.rmSync(file)), codes: LOST },
  {
    name: 'record damaged',
    strike: withFile(/^cluster\.json$/, (file, random) => fs.truncateSync(file, random.between(0, 200))),
    codes: LOST,
  },
  {
    name: 'a file of the cluster removed',
    strike: withFile(/./, file => fs.rmSync(file)),
    codes: [3, 4],
    mayPass: true,
  },
  {
    name: 'directory of the cluster removed',
    strike: withFile(/^cluster\.json$/, file => fs.rmSync(path.dirname(file), { recursive: true, force: true })),
    codes: [3, 4],
  },
  { name: 'full disk', diskKiB: random => random.pick([32, 128, 512, 2048]), codes: [3, 4], mayPass: true },
  { name: 'few files', limit: random => `ulimit -n ${random.between(20, 90)}`, codes: [3, 4], mayPass: true },
  { name: 'small files', limit: random => `ulimit -f ${random.pick([1, 16, 256])}`, codes: [3, 4], mayPass: true },
]

/**
 * What is other on the user's xcluster: it has no leash, its switches are its own, so that a net without one is a failure of the network
 * (1), and the record of a run is not needed to end the cluster.
 */
const ON_XCLUSTER: Readonly<Record<string, Partial<Fault> | null>> = {
  'kill -9 of a switch': { codes: [1, 4], mayPass: true },
  'switch stopped': { codes: [1, 4], mayPass: true },
  'kill -9 of the leash': null,
  'record removed': null,
  'record damaged': null,
  'a file of the cluster removed': null,
  'directory of the cluster removed': null,
}

/** What can be done to runs on a kind of cluster. */
export const faultsOn = (kind: Kind): readonly Fault[] =>
  FAULTS.flatMap(fault => {
    const other = kind === 'xcluster' ? ON_XCLUSTER[fault.name] : {}
    return other === null ? [] : [{ ...fault, ...other }]
  })
