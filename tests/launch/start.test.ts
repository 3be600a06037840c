import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'

const TOP = path.resolve(import.meta.dirname, '../..')

function temporary(t: ExecutionContext): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-launch-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  return directory
}
const run = (program: string, words: string[] = [], options = {}) => {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', ...options })
  return { status, stdout, stderr }
}

test('runs through links from any directory, also as netns.sh', t => {
  const directory = temporary(t)
  fs.symlinkSync(path.join(TOP, 'netns.sh'), path.join(directory, 'a'))
  fs.symlinkSync('a', path.join(directory, 'b'))
  const { status, stdout } = run('./b', ['test', '--list'], { cwd: directory })
  t.is(status, 0)
  t.regex(stdout, /^bridge$/m)
})

test('runs by relative and absolute paths, also through a link to a directory', t => {
  const directory = temporary(t)
  fs.symlinkSync(TOP, path.join(directory, 'top'))
  fs.symlinkSync(path.join(TOP, 'tests'), path.join(directory, 'inside'))
  const here = path.relative(directory, TOP)
  for (const program of [
    'top/netns.ts',
    './top/netns.ts',
    `${directory}/top/netns.ts`,
    `${here}/netns.ts`,
    `./${here}/netns.ts`,
  ])
    t.is(run(program, ['--version'], { cwd: directory }).status, 0, program)
  // The kernel resolves ".." after the link: the parent of its target.
  for (const program of ['inside/../netns.ts', './inside/../netns.ts', `${directory}/inside/../netns.ts`])
    t.is(run(program, ['--version'], { cwd: directory }).status, 0, program)
  t.is(run('../netns.ts', ['--version'], { cwd: path.join(directory, 'inside') }).status, 0)
  t.is(run('/bin/sh', ['netns.ts', '--version'], { cwd: TOP }).status, 0)
})

test('reports missing or incomplete node_modules in one line', t => {
  const directory = temporary(t)
  for (const name of ['netns.ts', 'tar.ts', 'scripts', 'package.json'])
    fs.cpSync(path.join(TOP, name), path.join(directory, name), { recursive: true })
  for (const installed of ['', 'commander', 'tsx']) {
    const modules = path.join(directory, 'node_modules', installed)
    if (installed) fs.cpSync(path.join(TOP, 'node_modules', installed), modules, { recursive: true })
    for (const program of ['netns.ts', 'tar.ts']) {
      const { status, stdout, stderr } = run(path.join(directory, program), ['--help'])
      t.is(status, 3)
      t.is(stdout, '')
      t.regex(stderr, /^[^\n]*\(run: npm ci\)\n$/)
    }
  }
})

test('reports that the working directory was removed', t => {
  const { status, stderr } = run('/bin/sh', ['-c', 'rmdir "$PWD" && exec "$0" --help', path.join(TOP, 'netns.ts')], {
    cwd: fs.mkdtempSync(path.join(os.tmpdir(), 'netns-launch-')),
  })
  t.is(status, 3)
  t.regex(stderr, /^netns\.ts: the working directory no longer exists [^\n]*\n$/m)
})

test('reports that Node.js is not installed', t => {
  const directory = temporary(t)
  for (const name of ['dirname', 'readlink']) fs.symlinkSync(`/usr/bin/${name}`, path.join(directory, name))
  const { status, stderr } = run(path.join(TOP, 'netns.ts'), [], { env: { PATH: directory } })
  t.is(status, 3)
  t.regex(stderr, /node is not installed/)
})

test('--help loads neither zx, nor ssh2, nor the packages of the live display', t => {
  // The sources, which a bundle would hide.
  const env = { ...process.env, NODE_DEBUG: 'module,esm', NODE_V8_COVERAGE: temporary(t) }
  const { stderr } = run(path.join(TOP, 'netns.ts'), ['--help'], { env })
  t.regex(stderr, /node_modules\/commander\//)
  t.notRegex(stderr, /node_modules\/(zx|ssh2|log-update|cli-truncate)\//)
})

test('reports that standard output cannot be written, but not that its reader has closed it', t => {
  const shell = (line: string) => run('/bin/bash', ['-o', 'pipefail', '-c', line, path.join(TOP, 'netns.ts')])
  for (const words of ['test --list', '--help', 'tar --seed 1 -']) {
    const { status, stderr } = shell(`"$0" ${words} >/dev/full`)
    t.is(status, 3, words)
    t.is(stderr.match(/^netns\.ts: cannot write standard output: no space left$/gm)?.length, 1, stderr)
  }
  t.deepEqual(shell('"$0" test --list | true'), { status: 0, stdout: '', stderr: '' })
})

test('continues when its standard error is closed', async t => {
  const env = { ...process.env, XDG_STATE_HOME: temporary(t) }
  const child = spawn(path.join(TOP, 'netns.ts'), ['status'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.destroy()
  t.deepEqual(await once(child, 'close'), [0, null])
})

test('prints help on standard output, and usage errors on standard error with exit status 2', t => {
  const program = path.join(TOP, 'netns.ts')
  for (const words of [[], ['help'], ['--help'], ['test', '--help']]) {
    const { status, stdout, stderr } = run(program, words)
    t.is(status, 0)
    t.regex(stdout, /^Usage: netns\.ts/)
    t.is(stderr, '')
  }
  for (const [words, expected] of [
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
    t.regex(stderr, expected)
    t.notRegex(stderr, /\n\s+at /)
  }
})
