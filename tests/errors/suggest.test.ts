import test from 'ava'
import fc from 'fast-check'
import { didYouMean, suggest } from '../../scripts/errors/suggest.ts'
import { testCases } from '../../scripts/runner/registry.ts'

const names = testCases.map(({ name }) => name)

test('the next name is meant, whatever its case; nothing where nothing is like it', t => {
  t.is(didYouMean('brigde', names), 'did you mean bridge?')
  t.is(didYouMean('l3-vxlan', names), 'did you mean L3_vxlan?')
  t.is(didYouMean('something', names), undefined)
  t.is(didYouMean('', names), undefined)
  t.is(didYouMean('x', []), undefined)
  t.is(suggest('mactan', names, 'tests are …'), 'did you mean macvlan? tests are …')
  t.is(suggest('something', names, 'tests are …'), 'tests are …')
})

test('a letter left out of a name of five or more leads to a name', t => {
  const long = names.filter(name => name.length >= 5)
  fc.assert(
    fc.property(fc.constantFrom(...long), fc.nat(), (name, place) => {
      const at = place % name.length
      t.truthy(didYouMean(name.slice(0, at) + name.slice(at + 1), names))
    }),
  )
})
