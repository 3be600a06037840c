import test from 'ava'
import { readObservations, readStates } from '../../../scripts/proof/rules/observation.ts'

const ASKED = { counts: new Map([['a', 2]]), pods: new Set(['vm-001 a', 'vm-002 b']) }
const read = (...lines: readonly string[]) => readObservations({ node: 'vm-001', text: `${lines.join('\n')}\n` }, ASKED)

test('reads results of all kinds', t => {
  for (const [line, expected] of [
    ['reply vm-002 b 0.123', { kind: 'reply', by: { node: 'vm-002', pod: 'b' }, milliseconds: 0.123 }],
    ['reply - - 12.000', { kind: 'reply', milliseconds: 12 }],
    ['refused reset - 0', { kind: 'refused', refusal: 'reset' }],
    ['refused too-big 10.0.0.1 1400', { kind: 'refused', refusal: 'too-big', from: '10.0.0.1', mtu: 1400 }],
    ['silent 2', { kind: 'silent', sent: 2 }],
    ['unsent EPERM', { kind: 'unsent', why: 'EPERM' }],
    ['mtu 1400 0 -', { kind: 'mtu', mtu: 1400 }],
    ['mtu 1400 1450 fd00::1', { kind: 'mtu', mtu: 1400, announced: 1450, from: 'fd00::1' }],
    ['stalled 7 stall', { kind: 'stalled', bytes: 7, why: 'stall' }],
    ['unidentified closed', { kind: 'unidentified', why: 'closed' }],
    ['wrong address vm-002 b 10.0.0.9', { kind: 'misdirected', address: '10.0.0.9', by: { node: 'vm-002', pod: 'b' } }],
  ] as const) {
    const found = read(`a 0 ${line}`, 'a 1 silent 1', 'a 1 also vm-002 b', 'a end 3').get('a')
    t.deepEqual(found?.results[0], expected as never, line)
    t.deepEqual(found?.others.get(1), [{ node: 'vm-002', pod: 'b' }])
    t.is(found?.clientDrops, 3)
  }
})

test('a prober that could not run is an error with its reason, never silence', t => {
  t.throws(() => read('a 0 error EMFILE', 'a 1 silent 1', 'a end 0'), {
    code: 'NO_PROBE',
    message: 'vm-001: a could not probe: EMFILE',
  })
})

for (const [what, lines] of [
  ['a missing result', ['a 0 silent 1', 'a end 0']],
  ['a missing end', ['a 0 silent 1', 'a 1 silent 1']],
  ['no output', []],
  ['two results of one probe', ['a 0 silent 1', 'a 0 silent 1', 'a 1 silent 1', 'a end 0']],
  ['a POD that was not asked', ['b 0 silent 1']],
  ['a probe that was not asked for', ['a 2 silent 1']],
  ['silence without a packet that left', ['a 0 silent 0']],
  ['an answer of an unknown POD', ['a 0 reply vm-009 z 0.100']],
  ['an unknown result', ['a 0 fine']],
  ['an unknown refusal', ['a 0 refused politely - 0']],
  ['an unknown error', ['a 0 unsent because']],
] as const) {
  test(`refuses ${what}`, t => {
    t.throws(() => read(...lines), { code: 'NO_PROBE' })
  })
}

test('reads the states of servers, and refuses a missing or an invalid one', t => {
  const states = (text: string) => readStates({ node: 'vm-001', text }, ['a', 'b'])
  t.deepEqual(states('a end 0 1 20\nb end 0 0 3\n').get('a'), { drops: 1, stall: 20 })
  t.throws(() => states('a end 0 1 20\n'), { code: 'NO_PROBE', message: /b did not report its state/ })
  t.throws(() => states('a end 0 1 20\nb end 0\n'), { code: 'NO_PROBE' })
})
