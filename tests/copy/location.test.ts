import test from 'ava'
import fc from 'fast-check'
import { nameOfCopy, readLocation } from '../../scripts/copy/location.ts'

test('a location is in a VM or POD where a name stands before the first ":", and no "/" before that', t => {
  const word = fc.stringMatching(/^[\w.-]{1,20}$/)
  const path = fc.string({ unit: 'binary' }).filter(text => !text.includes('\0'))
  fc.assert(
    fc.property(word, path, (target, file) => {
      const location = readLocation(`${target}:${file}`)
      t.is(location.target, target)
      t.true(location.path.endsWith(file || '.'))
      t.notRegex(location.path, /^-/)
      const here = readLocation(`./${target}:${file}`)
      t.deepEqual([here.target, here.path], [undefined, `./${target}:${file}`])
    }),
  )
  t.like(readLocation('vm-001:'), { target: 'vm-001', path: '.' })
  t.like(readLocation('-x'), { target: undefined, path: './-x' })
  for (const typed of ['', ':/tmp/x', 'vm-001:/a\0b']) {
    t.throws(() => readLocation(typed), { message: /names no file/ }, typed)
  }
})

test('a copy has the name of its source, and none where what is in it is copied', t => {
  for (const [typed, name] of [
    ['vm-001:/tmp/x', 'x'],
    ['vm-001:/tmp/x/', 'x'],
    ['vm-001:x:y', 'x:y'],
    ['/tmp/x/.', '.'],
    ['.', '.'],
    ['..', '.'],
    ['a/..', '.'],
    ['/', '.'],
    ['vm-001:', '.'],
    ['-x', '-x'],
  ] as const) {
    t.is(nameOfCopy(readLocation(typed)), name, typed)
  }
})
