import fs from 'node:fs'
import path from 'node:path'
import { runClock } from '../host/clock.ts'
import { makeDirectory } from '../host/directories.ts'

/** How many logs are retained. */
const KEPT = 20
const NAME = /^\d{8}T\d{6}Z-\d+\.log$/

/**
 * Names the log of a run on a terminal, and removes the oldest others. Errors are left to the opening of the log.
 * @param directory for such logs only
 */
export function newLogFile(directory: string): string {
  try {
    makeDirectory(directory, 0o700)
    const logs = fs.readdirSync(directory).filter(name => NAME.test(name))
    for (const name of logs.sort().slice(0, Math.max(0, logs.length - KEPT + 1)))
      fs.rmSync(path.join(directory, name), { force: true })
  } catch {
    // opening it reports more
  }
  const time = new Date(runClock()).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return path.join(directory, `${time}-${process.pid}.log`)
}
