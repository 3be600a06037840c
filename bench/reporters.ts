import { spawnSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import type { Row } from './measure.ts'
import { measureRun } from './runs.ts'

const REPORTS = path.resolve(import.meta.dirname, 'reports.ts')
const RUNS = 3

/** CPU time of all reporters for a test on a hundred nodes, compared with the test. */
export function reporters(work: string, environment: Readonly<Record<string, string>>, maxNodes: number): Row {
  const test = ['L3', `--nvm=${maxNodes}`]
  const { total } = measureRun(test, work, environment)
  return {
    label: 'all seven reporters for the events of `L3` with 100 nodes, plus 10 MB of output: CPU time',
    times: Array.from({ length: RUNS }, () => {
      const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', REPORTS], { encoding: 'utf8' })
      return (JSON.parse(stdout) as { cpuSeconds: number }).cpuSeconds * 1000
    }),
    baseline: `\`test ${test.join(' ')}\`, with the proof`,
    baselineTimes: [total],
  }
}
