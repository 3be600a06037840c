import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { processesIn, program, until } from './program.ts'

/** Exceeds the length limit of a unix socket's path. */
const LONG = 'a-directory-with-a-name-that-is-far-too-long-for-a-socket-of-any-kind-and-longer-than-a-hundred-bytes'

test('with a long state directory, starts a cluster without switches, and refuses one with switches', async t => {
  const { state, runWith } = program(t)
  const XDG_STATE_HOME = path.join(state, LONG)
  // Its own cache, so that the template is saved here, which also needs a socket.
  const cache = path.join(state, 'cache')
  fs.mkdirSync(path.join(cache, 'xcluster-netns'), { recursive: true })
  const shared = path.join(process.env.XDG_CACHE_HOME ?? path.join(process.env.HOME ?? '', '.cache'), 'xcluster-netns')
  for (const name of fs.readdirSync(shared).filter(name => /^image-|^kvm/.test(name)))
    fs.symlinkSync(path.join(shared, name), path.join(cache, 'xcluster-netns', name))
  const refused = await runWith({ XDG_STATE_HOME }, 'test', 'start', '--nvm=1')
  t.is(refused.status, 3)
  t.regex(refused.stderr, /net1: \d+ bytes, but sockets of a network allow at most 95.*XDG_STATE_HOME/)
  const passed = await runWith({ XDG_STATE_HOME, XDG_CACHE_HOME: cache }, 'test', 'start', '--nvm=1', '--nets-vm=0')
  t.is(passed.status, 0, passed.stderr)
  t.notRegex(passed.stderr, /no template|falling back/)
  await runWith({ XDG_STATE_HOME }, 'stop', '--all')
  t.deepEqual(processesIn(state), [])
})

test('a run whose cluster is stopped during its start ends with one line', async t => {
  const { state, start, run } = program(t)
  const cluster = path.join(state, 'xcluster-netns/clusters/default')
  for (const file of ['cluster.json', 'vm-001.pid']) {
    const runner = start(['test', 'start', '--nvm=2'])
    await until(runner, () => fs.existsSync(path.join(cluster, file)))
    // On a busy host the run might end before `stop` starts.
    runner.kill('SIGSTOP')
    t.is((await run('stop')).status, 0)
    runner.kill('SIGCONT')
    const { status, stderr } = await runner.ended
    t.is(status, 4, stderr)
    t.regex(stderr, /cluster 'default' was stopped by another command while it started/)
    t.notRegex(stderr, /internal error|\n\s+at /)
    t.deepEqual(processesIn(state), [])
  }
})
