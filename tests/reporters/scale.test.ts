import { execFileSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import test from 'ava'

const BENCH = path.resolve(import.meta.dirname, '../../bench/reports.ts')

test('all reporters at once need little memory for a hundred nodes, one of which writes 10 MB', t => {
  // A process of its own: what counts is the memory of all of it.
  const text = execFileSync(process.execPath, ['--import', 'tsx', BENCH], { encoding: 'utf8' })
  const { nodes, pods, memoryMB, bytes } = JSON.parse(text)
  t.deepEqual([nodes, pods], [100, 400])
  t.true(memoryMB < 400, text)
  t.true(bytes.html < 5e6, text)
  // GitLab reads no more of all JUnit files of a job.
  t.true(bytes.junit < 30e6, text)
})
