import test from 'ava'
import fc from 'fast-check'
import { nameOfCopy, readLocation } from '../../scripts/copy/location.ts'

test('a location is on a node or POD if a name without "/" precedes the first ":"', t => {
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
  for (const userInput of ['', ':/tmp/x', 'vm-001:/a\0b']) {
    t.throws(() => readLocation(userInput), { message: /names no file/ }, userInput)
  }
})

test('a copy has the name of its source, or "." to copy its content', t => {
  for (const [userInput, name] of [
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
    t.is(nameOfCopy(readLocation(userInput)), name, userInput)
  }
})
