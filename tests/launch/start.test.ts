import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'

const TOP = path.resolve(import.meta.dirname, '../..')

function directory(t: ExecutionContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-launch-'))
  t.teardown(() => fs.rmSync(made, { recursive: true }))
  return made
}
const run = (program: string, words: string[] = [], options = {}) => {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', ...options })
  return { status, stdout, stderr }
}

test('it runs from anywhere, through links, as netns.sh too', t => {
  const made = directory(t)
  fs.symlinkSync(path.join(TOP, 'netns.sh'), path.join(made, 'a'))
  fs.symlinkSync('a', path.join(made, 'b'))
  const { status, stdout } = run('./b', ['test', '--list'], { cwd: made })
  t.is(status, 0)
  t.regex(stdout, /^bridge$/m)
})

test('it runs by every way to it, also behind a link to a directory', t => {
  const made = directory(t)
  fs.symlinkSync(TOP, path.join(made, 'top'))
  fs.symlinkSync(path.join(TOP, 'tests'), path.join(made, 'inside'))
  const here = path.relative(made, TOP)
  for (const way of [
    'top/netns.ts',
    './top/netns.ts',
    `${made}/top/netns.ts`,
    `${here}/netns.ts`,
    `./${here}/netns.ts`,
  ])
    t.is(run(way, ['--version'], { cwd: made }).status, 0, way)
  // The kernel's "..", which is above where the link leads to, not above the link.
  for (const way of ['inside/../netns.ts', './inside/../netns.ts', `${made}/inside/../netns.ts`])
    t.is(run(way, ['--version'], { cwd: made }).status, 0, way)
  t.is(run('../netns.ts', ['--version'], { cwd: path.join(made, 'inside') }).status, 0)
  t.is(run('/bin/sh', ['netns.ts', '--version'], { cwd: TOP }).status, 0)
})

test('without node_modules, or with a part of them, it says so in one line', t => {
  const made = directory(t)
  for (const name of ['netns.ts', 'tar.ts', 'scripts', 'package.json'])
    fs.cpSync(path.join(TOP, name), path.join(made, name), { recursive: true })
  for (const installed of ['', 'commander', 'tsx']) {
    const modules = path.join(made, 'node_modules', installed)
    if (installed) fs.cpSync(path.join(TOP, 'node_modules', installed), modules, { recursive: true })
    for (const program of ['netns.ts', 'tar.ts']) {
      const { status, stdout, stderr } = run(path.join(made, program), ['--help'])
      t.is(status, 3)
      t.is(stdout, '')
      t.regex(stderr, /^[^\n]*\(run: npm ci\)\n$/)
    }
  }
})

test('in a directory that was removed it says so', t => {
  const { status, stderr } = run('/bin/sh', ['-c', 'rmdir "$PWD" && exec "$0" --help', path.join(TOP, 'netns.ts')], {
    cwd: fs.mkdtempSync(path.join(os.tmpdir(), 'netns-launch-')),
  })
  t.is(status, 3)
  t.regex(stderr, /^netns\.ts: the working directory is not there any more [^\n]*\n$/m)
})

test('without Node it says so', t => {
  const made = directory(t)
  for (const name of ['dirname', 'readlink']) fs.symlinkSync(`/usr/bin/${name}`, path.join(made, name))
  const { status, stderr } = run(path.join(TOP, 'netns.ts'), [], { env: { PATH: made } })
  t.is(status, 3)
  t.regex(stderr, /node is not installed/)
})

test('--help loads neither zx nor ssh2, nor what draws on a terminal', t => {
  const { stderr } = run(path.join(TOP, 'netns.ts'), ['--help'], { env: { ...process.env, NODE_DEBUG: 'module,esm' } })
  t.notRegex(stderr, /node_modules\/(zx|ssh2|log-update|cli-truncate)\//)
})

test('output that cannot be written is told; a reader that leaves is not', t => {
  const shell = (line: string) => run('/bin/bash', ['-o', 'pipefail', '-c', line, path.join(TOP, 'netns.ts')])
  for (const words of ['test --list', '--help', 'tar --seed 1 -']) {
    const { status, stderr } = shell(`"$0" ${words} >/dev/full`)
    t.is(status, 3, words)
    t.is(stderr.match(/^netns\.ts: cannot write standard output: no space left$/gm)?.length, 1, stderr)
  }
  t.deepEqual(shell('"$0" test --list | true'), { status: 0, stdout: '', stderr: '' })
})

test('a terminal or reader of stderr that is gone breaks nothing off', async t => {
  const env = { ...process.env, XDG_STATE_HOME: directory(t) }
  const child = spawn(path.join(TOP, 'netns.ts'), ['status'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.destroy()
  t.deepEqual(await once(child, 'close'), [0, null])
})

test('help is data, wrong usage is not, and neither starts anything', t => {
  const program = path.join(TOP, 'netns.ts')
  for (const words of [[], ['help'], ['--help'], ['test', '--help']]) {
    const { status, stdout, stderr } = run(program, words)
    t.is(status, 0)
    t.regex(stdout, /^Usage: netns\.ts/)
    t.is(stderr, '')
  }
  for (const [words, says] of [
    [['bogus'], /unknown command 'bogus'/],
    [['tset'], /Did you mean test/],
    [['test', 'bogus'], /'bogus'.*tests are .*\bstart, /],
    [['test', './nothing'], /nothing\/tar/],
    [['test', '--bogus'], /--bogus/],
    [['test', '--nvm', '0'], /--nvm=0: must be/],
    [['test', '--nvm', '201'], /--nvm=201/],
    [['test', '--nvm', 'x'], /--nvm=x/],
    [['test', '--mem3'], /--mem3: needs a value/],
    [['test', '--nvm='], /--nvm: needs a value/],
    [['test', '--results', ''], /--results: needs a value/],
    [['status', '--bogus'], /--bogus/],
    [['exec'], /missing required argument 'target'/],
  ] as const) {
    const { status, stdout, stderr } = run(program, [...words])
    t.is(status, 2, words.join(' '))
    t.is(stdout, '')
    t.regex(stderr, says)
    t.notRegex(stderr, /\n\s+at /)
  }
})
