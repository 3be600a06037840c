import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { waitUntil } from '../wait-until.ts'

const COMMAND = path.join(import.meta.dirname, 'xcluster')

/**
 * A workspace for the fake xcluster, with ovls a and b (the second directory has another b), a broken and a silent one.
 */
function workspace(t: ExecutionContext) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-workspace-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const ovl = (place: string, script: string) => {
    fs.mkdirSync(path.join(directory, place), { recursive: true })
    fs.writeFileSync(path.join(directory, place, 'tar'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  ovl('first/a', 'tar -cf "$1" -C "$(dirname "$0")" tar; echo "log of a" >&2')
  ovl('first/b', 'echo "$__nvm $xcluster_X" >"$1"')
  ovl('second/b', 'exit 1')
  ovl('second/broken', 'echo what is wrong >&2; exit 3')
  ovl('second/silent', ':')
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    XCLUSTER_WORKSPACE: directory,
    XCLUSTER_OVLPATH: ['first', 'second'].map(place => path.join(directory, place)).join(':'),
  }
  return {
    directory,
    env,
    call: (words: readonly string[], more: Record<string, string> = {}) => {
      const { status, stdout, stderr } = spawnSync(COMMAND, words, { env: { ...env, ...more }, encoding: 'utf8' })
      return { status, stdout, stderr }
    },
  }
}

test('env prints shell assignments, with a warning on /tmp', t => {
  const { directory, call } = workspace(t)
  const { status, stdout } = call(['env'], { __nvm: '3', __append: `it's "two" words` })
  t.is(status, 0)
  t.is(stdout.split('\n').filter(line => line.startsWith('WARNING')).length, directory.startsWith('/tmp/') ? 1 : 0)
  const assignments = stdout.replace(/^WARNING.*$/m, '')
  const script = `${assignments}\necho "$__nvm|$__append|$__image|$XCLUSTER_TMP"`
  t.is(
    execFileSync('sh', ['-c', script], { encoding: 'utf8' }),
    `3|it's "two" words|${directory}/xcluster/hd.img|${directory}/tmp\n`,
  )
})

test('ovld prints the first ovl with a name', t => {
  const { directory, call } = workspace(t)
  t.is(call(['ovld', 'b']).stdout, `${directory}/first/b\n`)
  const { status, stdout, stderr } = call(['ovld', 'none'])
  t.deepEqual([status, stdout], [1, ''])
  t.regex(stderr, /none/)
})

test('mkcdrom packs ovls in order, with the environment, and stops at the first failure', t => {
  const { directory, call } = workspace(t)
  const packed = () => execFileSync('tar', ['-tf', path.join(directory, 'tmp/cdrom.iso')], { encoding: 'utf8' })
  t.is(call(['mkcdrom', 'b', 'a', 'b'], { __nvm: '7', xcluster_X: 'x' }).status, 0)
  t.deepEqual(
    packed()
      .match(/\w+\.tar/g)
      ?.sort(),
    ['00b.tar', '01a.tar', '02b.tar'],
  )
  const content = execFileSync('tar', ['-xOf', path.join(directory, 'tmp/cdrom.iso'), './00b.tar'], {
    encoding: 'utf8',
  })
  t.is(content, '7 x\n')
  fs.rmSync(path.join(directory, 'tmp/cdrom.iso'))
  for (const [ovls, said] of [
    [['a', 'broken'], /what is wrong/],
    [['silent'], /silent/],
    [['a', 'none'], /none/],
  ] as const) {
    const { status, stderr } = call(['mkcdrom', ...ovls])
    t.is(status, 1)
    t.regex(stderr, said)
    t.false(fs.existsSync(path.join(directory, 'tmp/cdrom.iso')))
  }
})

test('starts nothing without an image, and stops only its own processes', t => {
  const { directory, call } = workspace(t)
  const { status, stderr } = call(['starts'])
  t.is(status, 1)
  t.regex(stderr, /hd\.img/)
  fs.mkdirSync(path.join(directory, 'tmp'))
  fs.writeFileSync(path.join(directory, 'tmp/vm-001.pid'), `${process.pid}\n`)
  t.is(call(['stop']).status, 0)
  t.is(call(['fly']).status, 1)
})

test('mkcdrom removes its temporary directory when it is ended by a signal', async t => {
  const { directory, env } = workspace(t)
  const temporary = path.join(directory, 'temporary')
  fs.mkdirSync(temporary)
  fs.writeFileSync(path.join(directory, 'first/a/tar'), '#!/bin/sh\n: >"$TMPDIR/../packs"; exec sleep 100\n', {
    mode: 0o755,
  })
  const child = spawn(COMMAND, ['mkcdrom', 'a'], { env: { ...env, TMPDIR: temporary }, detached: true })
  await waitUntil('it packs', () => fs.existsSync(path.join(directory, 'packs')))
  process.kill(-(child.pid as number), 'SIGTERM')
  await once(child, 'exit')
  t.deepEqual(fs.readdirSync(temporary), [])
})

test('stop ends a process that was stopped', async t => {
  const { directory, call } = workspace(t)
  const tmp = path.join(directory, 'tmp')
  fs.mkdirSync(tmp)
  // Its command line names the directory, as a VM's does.
  const child = spawn('sh', ['-c', 'sleep 100; :', `${tmp}/`])
  fs.writeFileSync(path.join(tmp, 'vm-001.pid'), `${child.pid}\n`)
  child.kill('SIGSTOP')
  const ended = once(child, 'exit')
  t.is(call(['stop']).status, 0)
  await ended
  t.pass()
})
