import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')

/** Runs `test bridge` where a script has taken something from it: in namespaces of its own, so that the host keeps it. */
async function runWithout(t: ExecutionContext, script: string) {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-denied-'))
  t.teardown(() => fs.rmSync(state, { recursive: true, force: true }))
  const run = 'exec "$0" test bridge --nvm=2 --cluster namespaces'
  const words = ['--user', '--map-root-user', '--mount', 'sh', '-ec', `${script}\n${run}`, NETNS]
  const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache')
  const child = spawn('unshare', words, {
    env: { ...process.env, CI: 'true', XDG_STATE_HOME: state, XDG_CACHE_HOME: cache },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const chunks: Buffer[] = []
  child.stderr.on('data', chunk => chunks.push(chunk))
  const status = await new Promise<number | null>(resolve => child.once('close', resolve))
  const clusters = path.join(state, 'xcluster-netns/clusters')
  return {
    status,
    stderr: Buffer.concat(chunks).toString(),
    left: fs.existsSync(clusters) ? fs.readdirSync(clusters) : [],
  }
}

test('reports a host that denies user namespaces, with the sysctl, and leaves nothing behind', async t => {
  const { status, stderr, left } = await runWithout(t, 'echo 0 >/proc/sys/user/max_user_namespaces')
  t.is(status, 3, stderr)
  t.regex(
    stderr,
    /FAILED: this user has as many namespaces as the host allows .*\(an administrator can raise user\.max_/,
  )
  t.deepEqual(left, [])
})

test('refuses too low a limit of network namespaces before anything starts, with the numbers', async t => {
  const { status, stderr, left } = await runWithout(t, 'echo 10 >/proc/sys/user/max_net_namespaces')
  t.is(status, 3, stderr)
  t.regex(stderr, /user\.max_net_namespaces is 10, and the cluster has about 11 net namespaces/)
  t.deepEqual(left, [])
})

test('reports a host that hides parts of /proc, as in a container, with a hint', async t => {
  const { status, stderr, left } = await runWithout(t, 'mount --bind /dev/null /proc/version')
  t.is(status, 3, stderr)
  t.regex(stderr, /FAILED: parts of \/proc are hidden here.*\(in a container, unmask it/)
  t.deepEqual(left, [])
})
