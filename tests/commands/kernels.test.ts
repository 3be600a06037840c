import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { kernelsIn, withoutRelativePaths } from '../../scripts/commands/test/kernels.ts'
import { program } from '../vm/program.ts'

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

test('refuses a file that is not a kernel, and a directory without modules, before anything is built or started', async t => {
  const { state, runWith } = program(t)
  const file = path.join(state, 'bzImage')
  const header = Buffer.alloc(0x300)
  header.write('HdrS', 0x202, 'latin1')
  fs.writeFileSync(file, header)
  const environment = { XDG_CACHE_HOME: path.join(state, 'cache'), XCLUSTER_NETNS_ARCH: 'amd64' }
  for (const [words, message] of [
    [['test', 'bridge', '--kernel', '6.1,./none'], /--kernel=\/.*\/none: there is no such file/],
    [['test', 'bridge', 'L2', '--kernel', './log'], /--kernel=\/.*\/log: is not a kernel.*expected a bzImage/],
    [['setup', '--kernel', './log'], /--kernel=\/.*\/log: is not a kernel/],
    [['test', 'bridge', '--kernel', './bzImage', '--modules', '.'], /--modules=\/.*: no modules of a kernel in it/],
  ] as const) {
    fs.writeFileSync(path.join(state, 'log'), 'a log')
    const { status, stderr } = await runWith(environment, ...words, '--mirror=http://127.0.0.1:9/debian')
    t.is(status, 2, stderr)
    t.regex(stderr, message)
    t.notRegex(stderr, /TEST CASE|downloading/)
    t.false(fs.existsSync(path.join(state, 'xcluster-netns/clusters')), 'no cluster was started')
    const cached = path.join(state, 'cache/xcluster-netns')
    const images = fs.existsSync(cached) ? fs.readdirSync(cached).filter(name => /image|lock/.test(name)) : []
    t.deepEqual(images, [])
  }
})
