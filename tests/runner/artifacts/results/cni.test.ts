import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { collectCniResults } from '../../../../scripts/runner/artifacts/results/cni.ts'
import { temporaryDirectory } from '../../../ovl/fixtures/archives.ts'
import { nodeOf } from '../evidence/node.ts'

const signal = new AbortController().signal

/** A node whose /tmp is a local directory, with its tools on PATH. */
const nodeWith = (directory: string) =>
  nodeOf('vm-001', async ({ stdout, stderr }, command) => {
    const child = spawn('/bin/sh', ['-c', command.replace('cd /tmp', `cd ${directory}`)])
    child.stdout.pipe(stdout, { end: false })
    child.stderr.pipe(stderr, { end: false })
    const [code] = await once(child, 'close')
    return code
  })

async function collect(t: Parameters<typeof temporaryDirectory>[0], fill: (tmp: string) => void) {
  const own = temporaryDirectory(t)
  const [tmp, results] = [path.join(own, 'tmp'), path.join(own, 'results')]
  fs.mkdirSync(tmp)
  fill(tmp)
  const losses: string[] = []
  await collectCniResults(nodeWith(tmp), results, line => void losses.push(line), signal)
  const files = fs.existsSync(results) ? fs.readdirSync(results).sort() : []
  const read = (name: string) => fs.readFileSync(path.join(results, name), 'utf8')
  return { losses, files, read }
}

test('collects results unchanged, also beside files whose names look like options', async t => {
  const text = '{\n  "cniVersion": "1.0.0"\n}\n'
  const { losses, files, read } = await collect(t, tmp => {
    for (const name of ['vm-001-ns01.json', '-rf.json', '--help.json']) fs.writeFileSync(path.join(tmp, name), text)
  })
  t.deepEqual(files, ['--help.json', '-rf.json', 'vm-001-ns01.json'])
  for (const name of files) t.is(read(name), text)
  t.deepEqual(losses, [])
})

test('skips links, large and sparse files, and special files, with a notice', async t => {
  const { losses, files } = await collect(t, tmp => {
    fs.writeFileSync(path.join(tmp, 'good.json'), '{}\n')
    fs.symlinkSync('/dev/zero', path.join(tmp, 'zero.json'))
    fs.symlinkSync('/etc/passwd', path.join(tmp, 'passwd.json'))
    fs.writeFileSync(path.join(tmp, 'sparse.json'), '')
    fs.truncateSync(path.join(tmp, 'sparse.json'), 2 ** 31)
    fs.writeFileSync(path.join(tmp, 'a b.json'), '{}\n')
  })
  t.deepEqual(files, ['good.json'])
  t.is(losses.length, 1)
  t.regex(losses[0] ?? '', /^4 of 5 files \/tmp\/\*\.json were not collected/)
})

test('collects a thousand of twenty thousand files, within the limit of open files', async t => {
  const { losses, files } = await collect(t, tmp => {
    for (let number = 0; number < 20_000; number++) fs.writeFileSync(path.join(tmp, `${number}.json`), '{}\n')
  })
  t.is(files.length, 1000)
  t.regex(losses[0] ?? '', /^19000 of 20000/)
})

test('truncates more than 8 MiB at a file boundary', async t => {
  const line = `${'x'.repeat(60_000)}\n`
  const { losses, files, read } = await collect(t, tmp => {
    for (let number = 100; number < 300; number++) fs.writeFileSync(path.join(tmp, `${number}.json`), line)
  })
  t.true(files.length > 100 && files.length < 200)
  for (const name of files) t.is(read(name).length, line.length)
  t.regex(losses[0] ?? '', new RegExp(`^${200 - files.length} of 200 `))
})

test('writes no file outside the directory for an untrusted node', async t => {
  const own = temporaryDirectory(t)
  const lines = [
    '3',
    './../../evil.json:x',
    '/tmp/evil.json:x',
    './good.json:x',
    './.json:x',
    'nonsense',
    './a/b.json:x',
  ]
  const liar = nodeOf('vm-001', async ({ stdout }) => {
    stdout.write(lines.join('\n'))
    return 0
  })
  const losses: string[] = []
  await collectCniResults(liar, path.join(own, 'results'), line => void losses.push(line), signal)
  t.deepEqual(fs.readdirSync(path.join(own, 'results')), ['good.json'])
  t.deepEqual(fs.readdirSync(own), ['results'])
  t.is(losses.length, 1)
})
