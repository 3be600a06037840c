import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { processesIn, program } from './program.ts'

/** Longer than the name of a unix socket may be. */
const LONG = 'a-directory-with-a-name-that-is-far-too-long-for-a-socket-of-any-kind-and-longer-than-a-hundred-bytes'

test('with a long state directory a cluster without switches works, and one with switches is refused at once', async t => {
  const { state, runWith } = program(t)
  const XDG_STATE_HOME = path.join(state, LONG)
  // A cache of its own, so that the template is made here: that takes a socket, too.
  const cache = path.join(state, 'cache')
  fs.mkdirSync(path.join(cache, 'xcluster-netns'), { recursive: true })
  const shared = path.join(process.env.XDG_CACHE_HOME ?? path.join(process.env.HOME ?? '', '.cache'), 'xcluster-netns')
  for (const name of fs.readdirSync(shared).filter(name => /^image-|^kvm/.test(name)))
    fs.symlinkSync(path.join(shared, name), path.join(cache, 'xcluster-netns', name))
  const refused = await runWith({ XDG_STATE_HOME }, 'test', 'start', '--nvm=1')
  t.is(refused.status, 3)
  t.regex(refused.stderr, /net1: \d+ bytes, and sockets of a network need a directory of at most 95.*XDG_STATE_HOME/)
  const passed = await runWith({ XDG_STATE_HOME, XDG_CACHE_HOME: cache }, 'test', 'start', '--nvm=1', '--nets-vm=0')
  t.is(passed.status, 0, passed.stderr)
  t.notRegex(passed.stderr, /no template|boots instead/)
  await runWith({ XDG_STATE_HOME }, 'stop', '--all')
  t.deepEqual(processesIn(state), [])
})
