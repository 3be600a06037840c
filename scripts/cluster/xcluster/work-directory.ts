import fs from 'node:fs'
import path from 'node:path'
import { isAlive, thisProcess } from '../../host/processes.ts'
import { xclusterDirectory } from './record.ts'

const PREFIX = 'run-'

/**
 * Runs a task with a directory for temporary files. It is in the state directory, not in the one for temporary files,
 * so that the next run finds and removes what a killed one left.
 */
export async function withWorkDirectory<T>(
  stateDirectory: string,
  task: (directory: string) => Promise<T>,
): Promise<T> {
  const parent = xclusterDirectory(stateDirectory)
  fs.mkdirSync(parent, { recursive: true, mode: 0o700 })
  for (const name of fs.readdirSync(parent)) if (isStale(name)) remove(path.join(parent, name))
  const { pid, startTime } = thisProcess()
  const directory = path.join(parent, `${PREFIX}${pid}-${startTime}`)
  fs.mkdirSync(directory, { mode: 0o700 })
  try {
    return await task(directory)
  } finally {
    remove(directory)
  }
}

function isStale(name: string): boolean {
  if (!name.startsWith(PREFIX)) return false
  const [pid, startTime = ''] = name.slice(PREFIX.length).split('-')
  return !isAlive({ pid: Number(pid), startTime })
}

const remove = (directory: string) => fs.rmSync(directory, { recursive: true, force: true })
