import test from 'ava'
import fc from 'fast-check'
import { Failure } from '../../scripts/errors/failure.ts'
import { parseTemplate } from '../../scripts/settings/addressing.ts'

test('parses every template of four bytes and two ordered lengths', t => {
  // 10 has no special use, for any prefix length.
  const byte = fc.integer({ min: 0, max: 255 })
  const lengths = fc.tuple(fc.integer({ min: 1, max: 32 }), fc.integer({ min: 1, max: 32 }))
  fc.assert(
    fc.property(byte, byte, byte, lengths, (b, c, d, [first, second]) => {
      const [outer, inner] = [Math.min(first, second), Math.max(first, second)]
      const text = `10.${b}.${c}.${d}/${outer}/${inner}`
      const { network, ...rest } = parseTemplate(text)
      t.deepEqual([rest, network.length], [{ text, inner }, outer])
    }),
  )
})

test('refuses any other text as wrong usage', t => {
  fc.assert(
    fc.property(fc.string(), text => {
      fc.pre(!/^(\d+\.){3}\d+\/\d+\/\d+$/.test(text))
      const error = t.throws(() => parseTemplate(text), { instanceOf: Failure })
      t.is(error?.exitCode, 2)
    }),
  )
})
