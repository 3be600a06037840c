import test from 'ava'
import fc from 'fast-check'
import { didYouMean, suggest } from '../../scripts/errors/suggest.ts'
import { testCases } from '../../scripts/runner/registry.ts'

const names = testCases.map(({ name }) => name)

test('suggests the closest name, ignoring case, or nothing when none is close', t => {
  t.is(didYouMean('brigde', names), 'did you mean bridge?')
  t.is(didYouMean('l3-vxlan', names), 'did you mean L3_vxlan?')
  t.is(didYouMean('something', names), undefined)
  t.is(didYouMean('', names), undefined)
  t.is(didYouMean('x', []), undefined)
  t.is(suggest('mactan', names, 'tests are …'), 'did you mean macvlan? tests are …')
  t.is(suggest('something', names, 'tests are …'), 'tests are …')
})

test('suggests a name when a letter of a name with at least five is missing', t => {
  const long = names.filter(name => name.length >= 5)
  fc.assert(
    fc.property(fc.constantFrom(...long), fc.nat(), (name, place) => {
      const at = place % name.length
      t.truthy(didYouMean(name.slice(0, at) + name.slice(at + 1), names))
    }),
  )
})
