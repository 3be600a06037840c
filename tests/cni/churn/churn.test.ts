import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { BASELINE, runChurn } from '../../../scripts/cni/churn/churn.ts'
import { latencyOf } from '../../../scripts/cni/churn/latency.ts'
import { readChurnLimit } from '../../../scripts/cni/churn/limit.ts'
import { churnLines, churnProblems } from '../../../scripts/cni/churn/report.ts'
import { CNI_PATH, listPrograms } from '../../../scripts/cni/runtime/programs.ts'
import { program } from '../../namespaces/program.ts'
import { burst } from '../burst.ts'
import { startNodes } from '../cluster.ts'
import { fixtureNetwork, installPlugins } from '../fixture/fixture.ts'
import { shellOf } from '../shell.ts'

test('measures rate, latency, loss and leaks of plugins under the same load, and finds each fault', async t => {
  const [node] = await startNodes(t)
  if (!node) return t.fail()
  await installPlugins(node, ['churn'])
  const shell = shellOf(node)
  const programs = await listPrograms(shell, CNI_PATH)
  const networks = [fixtureNetwork(), BASELINE, { ...fixtureNetwork({ fault: 'churn' }), name: 'faulty' }]
  const results = await runChurn({ node: shell, programs, networks, limit: { count: 8 } })
  const lines = churnLines(results)
  for (const line of lines) t.log(line)
  const [fixture, baseline, faulty] = results
  for (const sound of [fixture, baseline]) {
    t.is(sound?.attachments, 8)
    t.true((sound?.seconds ?? 0) > 0 && (sound?.traffic?.sent ?? 0) > 0)
    t.true((sound?.add?.p50 ?? 0) > 0 && (sound?.add?.max ?? 0) >= (sound?.add?.p99 ?? 0))
    t.deepEqual([...(sound?.failures ?? [])], [])
    t.deepEqual(sound?.leaks, [])
  }
  t.true(lines.some(line => /^fixture compared with baseline, median: ADD takes [\d.]+ times as long; DEL/.test(line)))
  const problems = faulty ? churnProblems(faulty) : []
  for (const expected of [
    /^faulty: 2 times DEL: the plugin fixture\.churn failed with code 117/,
    /^faulty: \d\d+ of \d+ packets lost between /,
    /^faulty: vm-001: nftables rule .* of chain inet fx\d+ forward .*is left after 8 ADDs and DELs$/,
  ])
    t.true(
      problems.some(problem => expected.test(problem)),
      `${expected}: ${problems.join('\n')}`,
    )
})

test('attaches many containers at once with unique addresses, and nothing is left', async t => {
  const [node] = await startNodes(t)
  if (!node) return t.fail()
  const result = await burst(node, BASELINE, 30)
  t.log(result)
  t.like(result, { count: 30, failed: 0, duplicates: [], leaks: [] })
})

test('takes percentiles by the nearest rank', t => {
  t.is(latencyOf([]), undefined)
  t.deepEqual(latencyOf([7]), { p50: 7, p90: 7, p99: 7, max: 7 })
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  t.deepEqual(latencyOf(hundred), { p50: 50, p90: 90, p99: 99, max: 100 })
})

test('reads a time or a count, and refuses everything else', t => {
  t.deepEqual(readChurnLimit('60s'), { seconds: 60 })
  t.deepEqual(readChurnLimit('1000'), { count: 1000 })
  for (const text of ['', '0', '0s', '-1', '1m', '60 s', '86401s', '9999999', 'x'])
    t.throws(() => readChurnLimit(text), { code: 'BAD_VALUE', message: /--churn .*neither a time nor a number/ })
})

test('test cni --churn prints what it measured, compared with another network', async t => {
  const { run, state } = program(t)
  const write = (name: string, network: object) => fs.writeFileSync(path.join(state, name), JSON.stringify(network))
  const ptp = { type: 'ptp', ipam: { type: 'host-local', subnet: '{{subnet4}}' } }
  write('mine.conflist', { ...BASELINE, name: 'mine', plugins: [ptp] })
  write('other.conflist', { ...BASELINE, name: 'other' })
  const words = ['test', 'cni', '--conf', 'mine.conflist', '--nvm=1', '--stop', '--baseline', 'other.conflist']
  const { status, stderr } = await run(...words, '--churn', '4')
  t.is(status, 0, stderr)
  for (const expected of [
    / mine: 4 PODs in [\d.]+ s, [\d.]+ each second\n/,
    / other: ADD 50\/90\/99\/100 % in \d+\/\d+\/\d+\/\d+ ms; DEL /,
    / mine: nothing is left\n/,
    / mine compared with other, median: ADD takes /,
  ])
    t.regex(stderr, expected)
  t.false(stderr.includes('TEST CASE: conformance'), stderr)
  t.is((await run(...words, '--churn', 'soon')).status, 2)
  t.is((await run('test', 'cni', '--conf', 'mine.conflist', '--churn', '4', '--baseline', 'none')).status, 2)
})
