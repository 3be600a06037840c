import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import type { TestCase } from '../../scripts/cases/test-case.ts'
import { testCases } from '../../scripts/runner/registry.ts'
import { processesIn, program } from './program.ts'

/** The tests of `all`. */
const TESTS = testCases.filter(({ sameAs, needs }) => !sameAs && !needs.running)

/** The number of pairs that answer on two workers with four PODs each, in both families. */
function pairsOf({ reach, forced }: TestCase): number {
  // Two bridges on one node, each with four PODs and one external namespace.
  if (forced) return 2 * 5 * 4 * 2
  return reach === 'all' ? 8 * 7 * 2 : 2 * 4 * 3 * 2
}

test('every test passes, none is skipped, and each proof is collected', async t => {
  const { run, state } = program(t)
  const { status, stderr } = await run('test', 'all', '--nvm=2', '--strict', '--results', 'results')
  t.is(status, 0, stderr)
  const passed = [...stderr.matchAll(/passed: ([a-zA-Z]\w*)/g)].map(([, name]) => name)
  t.deepEqual(passed.toSorted(), TESTS.map(({ name }) => name).toSorted())
  for (const one of TESTS.filter(({ reach }) => reach)) {
    const { name } = one
    const { summary, wrong } = JSON.parse(fs.readFileSync(path.join(state, 'results', name, 'matrix.json'), 'utf8'))
    const pairs = pairsOf(one)
    t.deepEqual([summary.expected, summary.reached, wrong], [pairs, pairs, []], name)
    t.true(fs.existsSync(path.join(state, 'results', name, 'matrix.svg')))
  }
  t.deepEqual(processesIn(state), [])
})

test('refuses a test with missing requirements before anything starts; all skips it with the reason', async t => {
  const { run, state } = program(t)
  const words = ['--nvm=1', '--nets-vm=0']
  const refused = await run('test', 'L3', ...words)
  t.is(refused.status, 3, refused.stderr)
  t.regex(refused.stderr, /L3/)
  t.deepEqual(processesIn(state), [])
  const { status, stderr } = await run('test', 'all', ...words)
  t.is(status, 0, stderr)
  t.regex(stderr, /skipped: L3: /)
  t.regex(stderr, /passed: bridge/)
  t.is((await run('test', 'L3', 'all', ...words, '--strict')).status, 3)
})
