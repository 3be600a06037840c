import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { childEnvironment } from '../../host/child-environment.ts'

/**
 * Writes its own line of /proc into `$1`.pid before it becomes the command: there is no moment at which a process of
 * a cluster lives and is not written down, whenever the one that started it is killed.
 */
const RECORD_THEN_BECOME = 'read -r line </proc/$$/stat && printf "%s\\n" "$line" >"$1.pid" && shift && exec "$@"'

/** A process that belongs to a cluster and outlives, if need be, the one that starts it. */
export interface ClusterProcess {
  readonly child: ChildProcess
  /** Resolves when the process has ended, with why: `exited with 1`, `was ended by SIGKILL`. */
  readonly ended: Promise<string>
  /** What it said on stderr so far. */
  errors(): string
}

/**
 * Starts a process of a cluster, in a session of its own so that Ctrl-C does not reach it.
 * @param name of the process: its files are `<name>.pid` and `<name>.stderr` in the cluster's directory
 * @param directory of the cluster; the process runs in it
 * @param pipes number of sockets that the process gets as file descriptors 3, 4, …
 * @param files open ones, which it gets as the file descriptors behind those
 * @param stdin a file of the directory opened for reading and writing as standard input, or none
 */
export function spawnInCluster(
  name: string,
  directory: string,
  command: readonly string[],
  { pipes = 0, files = [], stdin }: { pipes?: number; files?: readonly number[]; stdin?: string } = {},
): ClusterProcess {
  const errorFile = path.join(directory, `${name}.stderr`)
  const errorOutput = fs.openSync(errorFile, 'a', 0o600)
  const sockets = Array<'pipe'>(pipes).fill('pipe')
  const stdio: StdioOptions = ['ignore', errorOutput, errorOutput, ...sockets, ...files]
  const script = stdin ? `mkfifo -m 600 '${stdin}' && exec <>'${stdin}' && ${RECORD_THEN_BECOME}` : RECORD_THEN_BECOME
  const child = spawn('/bin/sh', ['-c', script, 'sh', name, ...command], {
    cwd: directory,
    detached: true,
    stdio,
    env: childEnvironment(),
  })
  fs.closeSync(errorOutput)
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `exited with ${code}`))
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
