import test from 'ava'
import { diagnoseMatrix } from '../../scripts/diagnosis/diagnose.ts'
import { github } from '../../scripts/reporters/github/github.ts'
import { html } from '../../scripts/reporters/html/html.ts'
import { junit } from '../../scripts/reporters/junit.ts'
import { log } from '../../scripts/reporters/log.ts'
import { results } from '../../scripts/reporters/results.ts'
import { summary } from '../../scripts/reporters/summary.ts'
import { tap } from '../../scripts/reporters/tap.ts'
import { CAUSE, failing, play } from '../reporters/fixtures/runs.ts'
import { matrixOf, recorded, takeDown } from './network.ts'

type End = { pod: string; node: string }
type Lost = (from: End, to: End & { address: string }) => boolean

const groupsOf = (lost: Lost, ...down: readonly (readonly [string, string])[]) => {
  const network = recorded('L3')
  for (const [name, ifname] of down) takeDown(network, name, ifname)
  return diagnoseMatrix(network, matrixOf(network, 'all', lost)).groups.map(({ text }) => text)
}

test('reports the lost pairs of a node in one line, with the cause', t => {
  const cut: Lost = (from, to) => from.node !== to.node && [from.node, to.node].includes('vm-003')
  t.deepEqual(groupsOf(cut, ['vm-003', 'eth1']), [
    'vm-003: all 32 unexpected results begin or end here; its eth1 is down',
  ])
  t.deepEqual(groupsOf(cut), ['vm-003: all 32 unexpected results begin or end here'])
})

test('names the most specific trait that all lost pairs share', t => {
  t.deepEqual(
    groupsOf((from, to) => [from.pod, to.pod].includes('vm-002-ns01')),
    ['vm-002-ns01: all 20 unexpected results begin or end here'],
  )
  t.deepEqual(
    groupsOf((from, to) => [from.node, to.node].sort().join() === 'vm-001,vm-002'),
    ['vm-001 and vm-002: all 16 unexpected results are between their PODs'],
  )
  t.deepEqual(
    groupsOf((from, to) => from.node !== to.node && to.address.includes(':')),
    ['between nodes: all 24 unexpected results are between PODs of different nodes'],
  )
  t.deepEqual(
    groupsOf((_, to) => to.address.includes(':')),
    ['IPv6: all 30 unexpected results are of this IP version'],
  )
})

test('reports two isolated PODs as two groups, and does not group a few pairs', t => {
  const lost: Lost = (from, to) => ['vm-001-ns01', 'vm-003-ns02'].some(pod => [from.pod, to.pod].includes(pod))
  const [first = '', second = ''] = groupsOf(lost)
  t.regex(first, /^vm-00\d-ns0\d: 20 of 36 unexpected results begin or end here$/)
  t.regex(second, /^vm-00\d-ns0\d: 16 of 36 unexpected results begin or end here$/)
  t.deepEqual(
    groupsOf((from, to) => from.pod === 'vm-001-ns01' && to.pod === 'vm-002-ns01'),
    [],
  )
})

test('reports the likely cause in every format', async t => {
  const reporters = [
    summary,
    log,
    junit,
    tap,
    results,
    (output: Parameters<typeof log>[0]) => github(output, undefined),
    (output: Parameters<typeof log>[0]) => html(output, '/tmp'),
  ]
  for (const [index, reporter] of reporters.entries()) {
    const text = await play(failing, output => reporter(output, { color: false }))
    const pattern = reporter === results ? /"what": "eth0 is down"/ : new RegExp(CAUSE)
    t.regex(text, pattern, `${index}`)
  }
})
