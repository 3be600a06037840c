import fs from 'node:fs'
import path from 'node:path'
import type { Random } from './random.ts'

/** A test run that faults are injected into. */
export interface Victim {
  /** The process that runs the tests. */
  readonly runner: number
  /** $XDG_STATE_HOME of the run. */
  readonly state: string
  /** The directory of the cluster's files, which include the process IDs in `<name>.pid`. */
  readonly files: string
  readonly random: Random
}

/** A fault to inject into a run. */
export interface Fault {
  readonly name: string
  /** A shell command to run before the test, if the fault is a limit. */
  readonly limit?: (random: Random) => string
  /** Size of the file system for the state, in KiB. */
  readonly diskKiB?: (random: Random) => number
  /** @returns the target that was hit; undefined when there was none */
  readonly strike?: (victim: Victim) => string | undefined
  /**
   * Allowed exit codes of a run that was hit; 137 when it is killed. A run that was not hit, or too late, exits with 0.
   */
  readonly codes: readonly number[]
  /** Whether a run may pass although it was hit. */
  readonly mayPass?: boolean
  /** The message of a run that recovered from the fault, and may therefore pass. */
  readonly survivedBy?: RegExp
  /** How long a stopped process stays stopped. */
  readonly stoppedMs?: number
}

export const KINDS = ['embedded', 'xcluster', 'namespaces'] as const
export type Kind = (typeof KINDS)[number]

/** Signals a random process of a cluster, found by its file `<name>.pid`. */
const signalPart =
  (names: RegExp, signal: NodeJS.Signals) =>
  ({ files: directory, random }: Victim): string | undefined => {
    const files = filesOf(directory).filter(file => names.test(path.basename(file)))
    if (files.length === 0) return undefined
    const file = random.pick(files)
    const pid = Number.parseInt(read(file), 10)
    return pid > 0 && kill(pid, signal) ? `${path.basename(file)} ${pid}` : undefined
  }

/** Signals the only child of a process of a cluster. */
function signalChild(names: RegExp, signal: NodeJS.Signals) {
  return ({ files: directory }: Victim): string | undefined => {
    const parent = filesOf(directory).find(file => names.test(path.basename(file)))
    const pid = parent && Number.parseInt(read(parent), 10)
    const child = pid && Number.parseInt(read(`/proc/${pid}/task/${pid}/children`), 10)
    return child && kill(child, signal) ? `child ${child} of ${path.basename(parent ?? '')}` : undefined
  }
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

export function read(file: string): string {
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

/** Kills the orphan reaper, which stops the cluster when the runner has ended. */
function killReaper({ state }: Victim): string | undefined {
  for (const pid of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    const [, , , name] = read(`/proc/${pid}/cmdline`).split('\0')
    if (name !== 'reaper' || !read(`/proc/${pid}/environ`).split('\0').includes(`XDG_STATE_HOME=${state}`)) continue
    return kill(Number(pid), 'SIGKILL') ? `reaper ${pid}` : undefined
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
    } catch (error) {
      // Without ENOENT, a part of the harm was done.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : path.basename(file)
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
  // Reported as a step that timed out, or as a lost VM.
  { name: 'VM stopped', strike: signalPart(VM, 'SIGSTOP'), codes: [1, 4], mayPass: true },
  { name: 'kill -9 of a switch', strike: signalPart(SWITCH, 'SIGKILL'), codes: LOST },
  { name: 'switch stopped', strike: signalPart(SWITCH, 'SIGSTOP'), codes: LOST },
  { name: 'kill -9 of the orphan reaper', strike: killReaper, codes: [], mayPass: true },
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
  { name: 'little address space', limit: random => `ulimit -v ${random.pick([1, 4, 16])}000000`, codes: [3] },
]

/**
 * Differences on xcluster: there is no orphan reaper; the switches belong to xcluster, so that a missing one is a test
 * failure (1); and the record of a run is not needed to stop the cluster.
 */
const ON_XCLUSTER: Readonly<Record<string, Partial<Fault> | null>> = {
  'kill -9 of a switch': { codes: [1, 4], mayPass: true },
  'switch stopped': { codes: [1, 4], mayPass: true },
  'kill -9 of the orphan reaper': null,
  'record removed': null,
  'record damaged': null,
  'a file of the cluster removed': null,
  'directory of the cluster removed': null,
}

/** Differences on namespaces: no switches, but a process that holds all nodes; a node is not started a second time. */
const ON_NAMESPACES: Readonly<Record<string, Partial<Fault> | null>> = {
  'kill -9 of a VM': { name: 'kill -9 of a node', survivedBy: /^$/ },
  'VM stopped': { name: 'node stopped' },
  'kill -9 of a switch': null,
  'switch stopped': null,
}

const WORLD = /^world\.pid$/

const ONLY_ON_NAMESPACES: readonly Fault[] = [
  { name: 'kill -9 of the world', strike: signalPart(WORLD, 'SIGKILL'), codes: LOST },
  { name: "kill -9 of the nodes' parent", strike: signalChild(WORLD, 'SIGKILL'), codes: LOST },
  { name: "nodes' parent stopped", strike: signalChild(WORLD, 'SIGSTOP'), codes: [4], mayPass: true },
  { name: 'world stopped', strike: signalPart(WORLD, 'SIGSTOP'), codes: [4], mayPass: true },
]

const DIFFERENCES = { embedded: {}, xcluster: ON_XCLUSTER, namespaces: ON_NAMESPACES } as const

/** The faults for a cluster kind. */
export function faultsOn(kind: Kind): readonly Fault[] {
  const differences: Readonly<Record<string, Partial<Fault> | null>> = DIFFERENCES[kind]
  const common = FAULTS.flatMap(fault => {
    const other = differences[fault.name]
    return other === null ? [] : [{ ...fault, ...other }]
  })
  return kind === 'namespaces' ? [...common, ...ONLY_ON_NAMESPACES] : common
}
