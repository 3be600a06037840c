import { spawn } from 'node:child_process'
import path from 'node:path'
import { childEnvironment } from '../../host/child-environment.ts'

const TOP = path.resolve(import.meta.dirname, '../../..')

/** What holds the cluster of a run while that lasts. */
export interface OrphanReaper {
  /** The run has dealt with its cluster itself. */
  release(): void
}

/**
 * Starts a process that does nothing but wait for the end of this one, and ends the cluster if it was not released:
 * SIGKILL leaves a runner no chance to do so itself.
 */
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
  child.on('error', () => {}) // it could not be started: then, as below, there is none
  child.stdin.on('error', () => {}) // it was killed: then only the next run or `stop` cleans up
  return { release: () => child.stdin.end('released\n') }
}
