import test from 'ava'
import fc from 'fast-check'
import { Failure } from '../../scripts/errors/failure.ts'
import { readAnswers } from '../../scripts/proof/answers.ts'

const FACTS = {
  node: 'vm-002',
  interfaces: [],
  routes: [],
  pods: [{ name: 'vm-002-ns01', interfaces: [], routes: [] }],
}
const ADDRESSES = new Set(['10.0.0.1', 'fd00::1'])
const read = (text: string) => readAnswers(FACTS, ADDRESSES, { node: 'vm-002', text })

test('parses every kind of line', t => {
  const { answers, silentCounts, unreachable, fullSized } = read(
    [
      'vm-002-ns01 10.0.0.1 3 2 0.1 0.25 7',
      'vm-002-ns01 fd00::1 1 0 - - -',
      'vm-002-ns01 ! 1',
      'vm-002-ns01 ! 1',
      'vm-002-ns01 ? fd00::1',
      'vm-002-ns01 + 10.0.0.1 1',
      'vm-002-ns01 + fd00::1 0',
      '',
    ].join('\n'),
  )
  t.deepEqual(
    [...answers],
    [
      ['vm-002-ns01 10.0.0.1', { sent: 3, received: 2, roundTrip: { min: 0.1, mean: 0.25, max: 7 } }],
      ['vm-002-ns01 fd00::1', { sent: 1, received: 0 }],
    ],
  )
  t.deepEqual([...silentCounts, ...unreachable], [['vm-002-ns01', 2], 'vm-002-ns01 fd00::1'])
  t.deepEqual(
    [...fullSized],
    [
      ['vm-002-ns01 10.0.0.1', true],
      ['vm-002-ns01 fd00::1', false],
    ],
  )
})

for (const [line, why] of [
  ['vm-001-ns01 10.0.0.1 1 1 1 1 1', 'not a POD of this node'],
  ['vm-002-ns01 10.0.0.9 1 1 1 1 1', 'not the address of a POD'],
  ['vm-002-ns01 10.0.0.1 1 2 1 1 1', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 -1 -1 1 1 1', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 NaN NaN NaN NaN NaN', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 1 1 NaN 1 1', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 1 1 -1 1 1', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 1 1 3 2 1', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 1 1 1e9 1e9 1e9', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 99999999999999999999 1 1 1 1', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 1 0 1 1 1', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 1 1 - - -', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 0 0 - - -', 'not a ping result'],
  ['vm-002-ns01 10.0.0.1 1 1 1 1 1 1', 'not a ping result'],
  ['vm-002-ns01 ! -1', 'not a count of at most 2 addresses'],
  ['vm-002-ns01 ! 3', 'not a count of at most 2 addresses'],
  ['vm-002-ns01 + 10.0.0.1 yes', 'not a ping result'],
  ['vm-002-ns01 ? 10.0.0.9', 'not the address of a POD'],
  ['{}', 'not a POD of this node'],
] as const) {
  test(`rejects '${line}', naming the node`, t => {
    t.throws(() => read(`vm-002-ns01 ! 1\n${line}\n`), {
      code: 'BAD_MATRIX',
      message: `vm-002: invalid matrix output '${line}': ${why}`,
    })
  })
}

test('rejects a second result of the same ping', t => {
  const line = 'vm-002-ns01 10.0.0.1 1 1 1 1 1'
  t.throws(() => read(`${line}\n${line}`), { code: 'BAD_MATRIX', message: /: duplicate ping result$/ })
})

test('parses arbitrary output, or rejects it in one short line', t => {
  const word = fc.oneof(
    fc.constantFrom(
      'vm-002-ns01',
      '10.0.0.1',
      'fd00::1',
      '!',
      '?',
      '+',
      '-',
      '1',
      '0',
      'NaN',
      '1e99',
      '\u001b[2J',
      '__proto__',
    ),
    fc.string({ maxLength: 400 }),
  )
  fc.assert(
    fc.property(fc.array(fc.array(word, { maxLength: 8 })), lines => {
      try {
        const { answers } = read(lines.map(words => words.join(' ')).join('\n'))
        for (const { sent, received } of answers.values()) t.true(received >= 0 && received <= sent)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        t.like(error, { code: 'BAD_MATRIX', exitCode: 4, node: 'vm-002' })
        t.true(error.message.length < 250 && !error.message.includes('\n') && !error.message.includes('\u001b'))
      }
    }),
  )
})
