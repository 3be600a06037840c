import test from 'ava'
import fc from 'fast-check'
import { cellArrays, decodeTime, encodeTime, rangeArrays } from '../../../scripts/reporters/html/cells.ts'

test('decodes a time of three digits unchanged', t => {
  const digits = fc.integer({ min: 100, max: 999 })
  const power = fc.integer({ min: -9, max: 9 })
  fc.assert(
    fc.property(
      digits,
      power,
      (mantissa, exponent) =>
        decodeTime(encodeTime(Number(`${mantissa}e${exponent}`))) === Number(`${mantissa}e${exponent}`),
    ),
  )
  t.is(decodeTime(encodeTime(0.088)), 0.088)
  t.is(decodeTime(encodeTime(1234)), 1230)
})

test('decodes an invalid time as undefined', t => {
  for (const none of [undefined, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300])
    t.is(decodeTime(encodeTime(none)), undefined)
})

test('refuses bytes of another number of pairs', t => {
  t.throws(() => cellArrays(2, new Uint8Array(9)), { message: /9 bytes/ })
  t.throws(() => rangeArrays(2, new Uint8Array(9)), { message: /9 bytes/ })
})
