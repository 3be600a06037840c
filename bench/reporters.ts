import { spawnSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import type { Row } from './measure.ts'
import { measureRun } from './runs.ts'

const REPORTS = path.resolve(import.meta.dirname, 'reports.ts')
const RUNS = 3

/** What all reporters together cost on a test of a hundred nodes, against such a test. */
export function reporters(work: string, environment: Readonly<Record<string, string>>, most: number): Row {
  const test = ['L3', `--nvm=${most}`]
  const { whole } = measureRun(test, work, environment)
  return {
    what: 'all seven reporters on what `L3` tells with 100 nodes, and 10 MB more: time on the processor',
    ours: Array.from({ length: RUNS }, () => {
      const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', REPORTS], { encoding: 'utf8' })
      return (JSON.parse(stdout) as { cpuSeconds: number }).cpuSeconds * 1000
    }),
    insteadOf: `\`test ${test.join(' ')}\` with its proof`,
    theirs: [whole],
  }
}
