import path from 'node:path'
import test from 'ava'
import { kernelsIn, withoutRelativePaths } from '../../scripts/commands/test/kernels.ts'

test('one kernel leaves the names of tests alone; several add theirs', t => {
  t.deepEqual(kernelsIn(undefined, '--kernel'), [{ label: undefined, options: {} }])
  t.deepEqual(kernelsIn('6.12', '--kernel'), [{ label: undefined, options: {} }])
  t.deepEqual(kernelsIn('6.1,./boot/bzImage', '--kernel'), [
    { label: '6.1', options: { __kernel: '6.1' } },
    { label: 'bzImage', options: { __kernel: './boot/bzImage' } },
  ])
})

test('refuses two kernels that reports could not tell apart', t => {
  t.throws(() => kernelsIn('a/bzImage,b/bzImage', '--kernel'), {
    code: 'BAD_VALUE',
    message: /two kernels as 'bzImage'/,
  })
})

test('records the absolute paths of kernels, so that rerun finds them', t => {
  t.is(withoutRelativePaths('6.1,./bzImage,/boot/x'), `6.1,${path.resolve('bzImage')},/boot/x`)
})
