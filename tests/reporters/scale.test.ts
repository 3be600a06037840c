import { execFileSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import test from 'ava'
import { isCovered } from '../coverage.ts'

const BENCH = path.resolve(import.meta.dirname, '../../bench/reports.ts')

const hasPlainMemory = isCovered ? test.skip : test

hasPlainMemory('all reporters together need little memory for a hundred nodes, one of which writes 10 MB', t => {
  // Its own process, to measure all of its memory.
  const text = execFileSync(process.execPath, ['--import', 'tsx', BENCH], { encoding: 'utf8' })
  const { nodes, pods, memoryMB, bytes } = JSON.parse(text)
  t.deepEqual([nodes, pods], [100, 400])
  // 390 to 400, most of it garbage: how much of that Node.js keeps depends on the host.
  t.true(memoryMB < 480, text)
  t.true(bytes.html < 5e6, text)
  // GitLab's limit for all JUnit files of a job.
  t.true(bytes.junit < 30e6, text)
})
