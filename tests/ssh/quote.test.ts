import { execFileSync } from 'node:child_process'
import test from 'ava'
import fc from 'fast-check'
import { quote } from '../../scripts/ssh/quote.ts'

test('a shell splits a quoted line into the original words', t => {
  const word = fc.string({ unit: 'binary' }).map(text => text.replaceAll('\0', ''))
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), words => {
      const script = `printf '%s\\0' ${quote(words)}`
      t.deepEqual(
        execFileSync('/bin/sh', ['-c', script]).toString().split('\0').slice(0, -1),
        words.map(w => Buffer.from(w).toString()),
      )
    }),
    { numRuns: 40 },
  )
})
