import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')

/**
 * Runs `test bridge` where a script has taken something from it: in namespaces of its own, so that the host keeps it.
 */
async function runWithout(t: ExecutionContext, script: string, namespaces = ['--user', '--map-root-user', '--mount']) {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-denied-'))
  t.teardown(() => fs.rmSync(state, { recursive: true, force: true }))
  const run = 'exec "$0" test bridge --nvm=2 --cluster namespaces'
  const words = [...namespaces, 'sh', '-ec', `${script}\n${run}`, NETNS]
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
    /FAILED: this user has as many namespaces as the host allows .*\(an administrator can raise the sysctls user\.max_/,
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
  // Root has all users already; another user needs those of /etc/subuid, as rootless containers do.
  const namespaces = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--map-auto', '--mount']
  const { status, stderr, left } = await runWithout(t, 'mount --bind /dev/null /proc/version', namespaces)
  t.is(status, 3, stderr)
  t.regex(stderr, /FAILED: parts of \/proc are hidden here.*\(in a container, unmask it/)
  t.deepEqual(left, [])
})

test('reports a container with a single user, in which nobody could log in to a node', async t => {
  const { status, stderr, left } = await runWithout(t, '"$0" setup --check 2>&1 | grep "^namespaces" >&2')
  t.is(status, 3, stderr)
  t.regex(stderr, /^namespaces: do not work: .*a user namespace with a single user.*\(run the container with/m)
  t.regex(stderr, /FAILED: this process is root of a user namespace with a single user.*--cluster embedded/)
  t.deepEqual(left, [])
})
