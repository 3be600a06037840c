import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')
/** An unused user ID. */
const NOBODYS_ID = '1234567'

function directory(t: ExecutionContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-users-'))
  fs.chmodSync(made, 0o755)
  t.teardown(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

/** Runs as a user without an entry in the passwd database; requires root. */
function asNobody(t: ExecutionContext, words: readonly string[], env: NodeJS.ProcessEnv, cwd = '/') {
  const setpriv = ['--reuid', NOBODYS_ID, '--regid', NOBODYS_ID, '--clear-groups']
  const mayRead = spawnSync('setpriv', [...setpriv, 'test', '-x', NETNS]).status === 0
  if (!mayRead) {
    t.log('not root, or the checkout is not for everybody to read: skipped')
    t.pass()
    return undefined
  }
  const { status, stdout, stderr } = spawnSync('setpriv', [...setpriv, NETNS, ...words], { env, cwd, encoding: 'utf8' })
  t.notRegex(stderr, /internal error|\n\s+at /)
  return { status, stdout, stderr }
}

const run = (words: readonly string[], env: NodeJS.ProcessEnv, options: SpawnSyncOptions = {}) => {
  const { status, stdout, stderr } = spawnSync(NETNS, words, { ...options, env, encoding: 'utf8' })
  return { status, stdout: String(stdout), stderr: String(stderr) }
}

const PATH = process.env.PATH

test('requires a home directory only where it is needed', t => {
  const status = asNobody(t, ['status'], { PATH })
  if (!status) return
  t.is(status.status, 3, status.stderr)
  t.regex(
    status.stderr,
    /this user has no home directory: HOME is not set.*\(set HOME, or both XDG_CACHE_HOME and XDG_STATE_HOME/,
  )
  t.is(asNobody(t, ['--help'], { PATH })?.status, 0)
  t.is(asNobody(t, ['test', '--list'], { PATH })?.status, 0)
  const made = directory(t)
  fs.chmodSync(made, 0o777)
  const tar = asNobody(t, ['tar', '--seed', '1', `${made}/ovl.tar`], { PATH })
  t.is(tar?.status, 0, tar?.stderr)
  const state = asNobody(t, ['status'], { PATH, XDG_STATE_HOME: made, XDG_CACHE_HOME: made })
  t.is(state?.status, 0, state?.stderr)
})

test("refuses root's state directory, and one below it, to others with a one-line message", t => {
  const made = directory(t)
  fs.mkdirSync(path.join(made, 'xcluster-netns/clusters'), { recursive: true })
  fs.chmodSync(path.join(made, 'xcluster-netns/clusters'), 0o700)
  const status = asNobody(t, ['status'], { PATH, HOME: '/', XDG_STATE_HOME: made })
  if (!status) return
  t.is(status.status, 3)
  t.regex(status.stderr, /cannot read .*: no permission \(set XDG_STATE_HOME/)
  fs.chmodSync(path.join(made, 'xcluster-netns'), 0o700)
  t.is(asNobody(t, ['status'], { PATH, HOME: '/', XDG_STATE_HOME: made })?.status, 3)
  const rerun = asNobody(t, ['rerun', path.join(made, 'xcluster-netns/clusters/x')], { PATH, HOME: '/' })
  t.is(rerun?.status, 2)
  t.regex(rerun?.stderr ?? '', /cannot read .*: no permission/)
})

test('skips an unreadable directory in PATH', t => {
  const made = directory(t)
  fs.mkdirSync(path.join(made, 'closed/inside'), { recursive: true })
  fs.chmodSync(path.join(made, 'closed'), 0o700)
  const state = path.join(made, 'state')
  fs.mkdirSync(state)
  fs.chmodSync(state, 0o777)
  // The limit stops it before anything is created.
  const env = { PATH: `${made}/closed/inside:${PATH}`, XDG_STATE_HOME: state, XDG_CACHE_HOME: state }
  const check = asNobody(t, ['setup', '--check'], env)
  if (!check) return
  t.is(check.status, 3)
})

test('refuses circular links and overlong names with a one-line message', t => {
  const made = directory(t)
  fs.symlinkSync('circle', path.join(made, 'circle'))
  const long = path.join(made, 'x'.repeat(300))
  for (const place of [path.join(made, 'circle'), long, path.join(made, 'circle/below')]) {
    const env = { ...process.env, XDG_STATE_HOME: place, XDG_CACHE_HOME: made }
    for (const words of [
      ['status'],
      ['stop', '--all'],
      ['rerun', place],
      ['test', '--cluster=embedded', `--results=${place}`],
    ]) {
      const { status, stderr } = run(words, env)
      t.true(status === 2 || status === 3, `${words} ${place.slice(-20)}: ${status} ${stderr}`)
      t.notRegex(stderr, /internal error|\n\s+at /)
    }
  }
})
