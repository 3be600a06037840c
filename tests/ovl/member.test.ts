import test from 'ava'
import fc from 'fast-check'
import { arrange, program, sizeOf } from '../../scripts/ovl/member.ts'

const file = (path: string) => program(path, [])

test('adds each parent directory once, before its content, in the order of bytes', t => {
  const arranged = arrange([
    file('b/x'),
    file('b-/y'),
    file('a'),
    { type: 'directory', path: 'b' },
    file('é'),
    file('Z'),
  ])
  t.deepEqual(
    arranged.map(({ path, type }) => `${path}${type === 'directory' ? '/' : ''}`),
    ['Z', 'a', 'b/', 'b-/', 'b-/y', 'b/x', 'é'],
  )
})

test('the order does not depend on the input order', t => {
  const name = fc.stringMatching(/^[a-cA-C.é-]{1,3}$/)
  const paths = fc.uniqueArray(
    fc.array(name, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/')),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(paths, list => {
      const leaves = list.filter(path => !list.some(other => other.startsWith(`${path}/`)))
      const arranged = arrange(leaves.map(file)).map(member => member.path)
      t.deepEqual(
        arrange(leaves.toReversed().map(file)).map(member => member.path),
        arranged,
      )
      t.is(new Set(arranged).size, arranged.length)
      for (const path of arranged) {
        const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0))
        if (parent) t.true(arranged.indexOf(parent) < arranged.indexOf(path))
      }
    }),
  )
})

test('the size is that of all chunks', t => {
  t.is(sizeOf(program('x', [Buffer.alloc(3), Buffer.alloc(4)])), 7)
  t.is(sizeOf({ type: 'directory', path: 'x' }), 0)
})
