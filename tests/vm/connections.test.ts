import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import type { TestCase } from '../../scripts/cases/test-case.ts'
import { testCases } from '../../scripts/runner/registry.ts'
import { TUNNEL_MTU } from '../namespaces/holes.ts'
import { processesIn, program } from './program.ts'

/** The tests of `all`. */
const TESTS = testCases.filter(({ sameAs, needs }) => !sameAs && !needs.running && !needs.configuration)

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
  for (const mtu of Object.values(TUNNEL_MTU))
    t.regex(stderr, new RegExp(`icmp path MTU: 4 of 4 pairs reply; path MTU ${mtu} bytes\\n`))
  const { tests } = JSON.parse(fs.readFileSync(path.join(state, 'results/results.json'), 'utf8'))
  const names = tests[0].components.map(({ name }: { name: string }) => name)
  for (const name of ['qemu', 'guest kernel', 'guest image', 'ovl netns']) t.true(names.includes(name), name)
  t.deepEqual(processesIn(state), [])
})
