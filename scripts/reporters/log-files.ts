import fs from 'node:fs'
import path from 'node:path'
import { runClock } from '../host/clock.ts'
import { makeDirectory } from '../host/directories.ts'

/** Logs of runs that are kept; older ones are removed. */
const KEPT = 20
const NAME = /^\d{8}T\d{6}Z-\d+\.log$/

/**
 * Names the log of a run at a terminal, and removes what is too old of the others. A directory that cannot be written to is noticed when
 * the log is opened.
 * @param directory holds such logs and nothing else of ours
 */
export function newLogFile(directory: string): string {
  try {
    makeDirectory(directory, 0o700)
    const logs = fs.readdirSync(directory).filter(name => NAME.test(name))
    for (const name of logs.sort().slice(0, Math.max(0, logs.length - KEPT + 1)))
      fs.rmSync(path.join(directory, name), { force: true })
  } catch {
    // opening it says more
  }
  const time = new Date(runClock()).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return path.join(directory, `${time}-${process.pid}.log`)
}
