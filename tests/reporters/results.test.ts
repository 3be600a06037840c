import test from 'ava'
import { results } from '../../scripts/reporters/results.ts'
import { conforms, schemaNamed } from '../schema.ts'
import { broken, failing, flaky, interrupted, play, WHERE } from './fixtures/runs.ts'

test('results.json of every kind of run conforms to its schema', async t => {
  for (const run of [failing, flaky, interrupted, broken]) {
    conforms(t, 'results', JSON.parse(await play(run, results)))
  }
  const wrong = JSON.parse(await play(failing, results))
  wrong.tests[0].steps[0].nodes[0].verdict = 'well'
  t.false(schemaNamed('results')(wrong), 'the schema finds what is wrong')
})

test('contains the data for a rerun, and the paths of artifacts', async t => {
  const text = await play(failing, results)
  for (const word of WHERE) t.true(text.includes(word), word)
  const { tests, ...run } = JSON.parse(text)
  t.like(run, {
    version: 1,
    verdict: 'failed',
    seconds: 12,
    notRun: ['L2'],
    components: [{ name: 'node', version: '20.19.0' }],
  })
  t.like(run.invocation, { words: ['bridge', 'cni_bridge', 'L2'], options: { __nvm: '2' } })
  t.is(tests.length, 1)
  t.like(tests[0], {
    verdict: 'failed',
    began: '2026-01-01T00:00:03.000Z',
    artefacts: [{ what: 'results', path: '/home/me/results/bridge' }],
  })
  t.deepEqual(tests[0].settings[1], { name: '__seed', value: '7', origin: 'random' })
  t.deepEqual(tests[0].steps[1].nodes[1], {
    node: 'vm-002',
    verdict: 'failed',
    seconds: 0.9,
    why: 'vm-002-ns03 172.16.2.3 does not answer',
    lastLines: ['vm-002-ns01 172.16.2.1 answers'],
  })
  t.is(tests[0].evidence[0].text, 'default via 172.16.2.0 dev eth0\n')
})

test('reports flaky passes and interruptions', async t => {
  const one = JSON.parse(await play(flaky, results))
  t.deepEqual(one.flaky, ['bridge'])
  t.like(one.tests[0], { retried: true, flaky: false, attempt: 1 })
  t.like(one.tests[1], { retried: false, flaky: true, attempt: 2 })
  const two = JSON.parse(await play(interrupted, results))
  t.like(two, { verdict: 'interrupted', message: 'interrupted by SIGINT' })
  t.is(two.tests[0].steps[1].nodes[1].verdict, 'interrupted')
})
