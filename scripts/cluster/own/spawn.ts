import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { childEnvironment } from '../../host/child-environment.ts'
import { shellScript } from '../../host/shell-script.ts'
import { markOf } from './records.ts'

const RECORD_THEN_BECOME = shellScript(import.meta.dirname, 'record-then-become.sh')

/** A process of a cluster, which may outlive the program. */
export interface ClusterProcess {
  readonly child: ChildProcess
  /** Resolves with the reason when the process has ended: `exited with 1`, `was ended by SIGKILL`. */
  readonly ended: Promise<string>
  /** Its stderr. */
  errors(): string
}

interface SpawnOptions {
  /** The number of sockets to pass as file descriptors 3, 4, … */
  readonly pipes?: number
  /** File descriptors to pass after those. */
  readonly files?: readonly number[]
  /** The name of a FIFO to create as stdin. */
  readonly stdin?: string
  /** Size limit of the files that it writes. */
  readonly mostBytes?: number
}

/** POSIX's unit of `ulimit -f`, in bytes. */
const ULIMIT_BLOCK = 512

/** Running children by cluster directory: their records may be deleted. */
const children = new Map<string, Set<ChildProcess>>()

/** Kills this process's children of a cluster, and waits until they have ended. */
export async function endChildren(directory: string): Promise<void> {
  const left = [...(children.get(directory) ?? [])]
  const gone = left.map(child => new Promise(resolve => child.once('exit', resolve)))
  // Otherwise the program could exit before they do.
  for (const child of left) child.ref()
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(gone)
}

/**
 * Starts a process of a cluster in its own session, which Ctrl-C does not reach.
 * @param name its files are `<name>.pid` and `<name>.stderr`
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
  // Beyond the limit, a write fails with EFBIG. A lower limit remains.
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
      return '' // another process stopped the cluster
    }
  }
  return { child, ended, errors }
}
