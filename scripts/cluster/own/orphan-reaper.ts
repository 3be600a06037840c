import { spawn } from 'node:child_process'
import path from 'node:path'
import { childEnvironment } from '../../host/child-environment.ts'

const TOP = path.resolve(import.meta.dirname, '../../..')

/** A process that stops the cluster of a killed run. */
export interface OrphanReaper {
  /** Ends the process without stopping the cluster. */
  release(): void
}

/** Starts a process that stops the cluster when this process ends without releasing it, even by SIGKILL. */
export function startOrphanReaper(clusterName: string): OrphanReaper {
  const stop = [
    path.join(TOP, 'scripts/launch/start.mjs'),
    path.join(TOP, 'netns.ts'),
    'stop',
    '--abandoned',
    '--cluster',
    'embedded',
  ]
  const child = spawn(
    '/bin/sh',
    ['-c', 'read -r word || exec "$@"', 'reaper', process.execPath, ...stop, '--name', clusterName],
    {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: childEnvironment('HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME'),
    },
  )
  child.unref()
  child.on('error', () => {}) // it could not be started
  child.stdin.on('error', () => {}) // it was killed: the next run or `stop` cleans up
  return { release: () => child.stdin.end('released\n') }
}
