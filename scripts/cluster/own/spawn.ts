import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { childEnvironment } from '../../host/child-environment.ts'
import { shellScript } from '../../host/shell-script.ts'
import { markOf } from './records.ts'

const RECORD_THEN_BECOME = shellScript(import.meta.dirname, 'record-then-become.sh')

/** A process that belongs to a cluster and outlives, if need be, the one that starts it. */
export interface ClusterProcess {
  readonly child: ChildProcess
  /** Resolves when the process has ended, with why: `exited with 1`, `was ended by SIGKILL`. */
  readonly ended: Promise<string>
  /** What it said on stderr so far. */
  errors(): string
}

/** How a process of a cluster is started. */
interface SpawnOptions {
  /** Number of sockets that the process gets as file descriptors 3, 4, … */
  readonly pipes?: number
  /** Open ones, which it gets as the file descriptors behind those. */
  readonly files?: readonly number[]
  /** A file of the directory opened for reading and writing as standard input. */
  readonly stdin?: string
  /** How large the files that it writes can get. */
  readonly mostBytes?: number
}

/** POSIX's unit of `ulimit -f`, in bytes. */
const ULIMIT_BLOCK = 512

/** Children of this process that have not exited, by cluster directory: their records may have been deleted. */
const children = new Map<string, Set<ChildProcess>>()

/** Kills what this process has started for a cluster, and returns when it is gone. */
export async function endChildren(directory: string): Promise<void> {
  const left = [...(children.get(directory) ?? [])]
  const gone = left.map(child => new Promise(resolve => child.once('exit', resolve)))
  // Those that were let go do not keep this process from its end, which would come before theirs is known.
  for (const child of left) child.ref()
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(gone)
}

/**
 * Starts a process of a cluster, in a session of its own so that Ctrl-C does not reach it.
 * @param name of the process: its files are `<name>.pid` and `<name>.stderr` in the cluster's directory
 * @param directory of the cluster; the process runs in it
 */
export function spawnInCluster(
  name: string,
  directory: string,
  command: readonly string[],
  { pipes = 0, files = [], stdin, mostBytes }: SpawnOptions = {},
): ClusterProcess {
  const errorFile = path.join(directory, `${name}.stderr`)
  const errorOutput = fs.openSync(errorFile, 'a', 0o600)
  const sockets = Array<'pipe'>(pipes).fill('pipe')
  const stdio: StdioOptions = ['ignore', errorOutput, errorOutput, ...sockets, ...files]
  // Past the limit a write fails with EFBIG, and kills nobody. A limit that is lower already stays.
  const limit = mostBytes === undefined ? '' : `trap '' XFSZ; ulimit -f ${mostBytes / ULIMIT_BLOCK} 2>/dev/null; `
  const child = spawn('/bin/sh', ['-c', `${limit}${RECORD_THEN_BECOME}`, 'sh', name, stdin ?? '', ...command], {
    cwd: directory,
    detached: true,
    stdio,
    env: { ...childEnvironment(), ...markOf(directory) },
  })
  fs.closeSync(errorOutput)
  const own = children.get(directory) ?? new Set()
  children.set(directory, own)
  if (child.pid !== undefined) own.add(child)
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => {
      own.delete(child)
      resolve(signal ? `was ended by ${signal}` : `exited with ${code}`)
    })
  })
  const errors = () => {
    try {
      return fs.readFileSync(errorFile, 'utf8').trim()
    } catch {
      return '' // the cluster was stopped by somebody else, with its files
    }
  }
  return { child, ended, errors }
}
