import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { tool } from '../needs.ts'
import { clusterIn, processOf, program } from './program.ts'

const TOP = path.resolve(import.meta.dirname, '../..')

/** What a cluster could change of this host: interfaces, addresses, routes, rules, mounts, settings of its network. */
function hostState(): Readonly<Record<string, string>> {
  const read = (file: string) => {
    try {
      return fs.readFileSync(file, 'utf8')
    } catch {
      return '' // only root reads some, and some only write
    }
  }
  const names = read('/proc/net/dev').match(/^\s*[^\s:]+(?=:)/gm) ?? []
  const settings = fs
    .readdirSync('/proc/sys/net', { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !/count$|_evictions$/.test(entry.name))
    .map(entry => path.join(entry.parentPath, entry.name))
    .map(file => `${file} ${read(file)}`)
  const rules = ['-4', '-6'].map(family => execFileSync(tool('ip'), [family, 'rule', 'show'], { encoding: 'utf8' }))
  const hostname = ['hostname', 'domainname'].map(name => read(`/proc/sys/kernel/${name}`))
  return {
    interfaces: names.join(),
    addresses: read('/proc/net/if_inet6') + read('/proc/net/fib_trie'),
    routes: read('/proc/net/route') + read('/proc/net/ipv6_route').replaceAll(/ \S{8} \S{8} (?=\S{8} +\S+$)/gm, ' '),
    rules: rules.join(),
    // Faults of tests/namespaces/chaos.test.ts, at the same time, include full disks.
    mounts: read('/proc/self/mounts').replaceAll(/^chaos .*\n/gm, ''),
    settings: settings.sort().join(''),
    hostname: hostname.join(),
  }
}

test.serial('does not change the host before, during or after a run', async t => {
  const { run } = program(t)
  const before = hostState()
  t.regex(before.rules ?? '', /^0:\s+from all lookup local/)
  const started = await run('test', 'L3', '--no-stop', '--nrouters=1')
  t.is(started.status, 0, started.stderr)
  t.deepEqual(hostState(), before)
  t.is((await run('stop')).status, 0)
  t.deepEqual(hostState(), before)
})

test.serial('a node neither sees nor changes the host', async t => {
  const { state, run } = program(t)
  const started = await run('test', 'start', '--nvm=1')
  t.is(started.status, 0, started.stderr)
  const inNode = async (script: string) => (await run('exec', 'vm-001', '--', 'sh', '-c', script)).stdout
  t.is(await inNode('cat /proc/1/comm; ls -d /proc/[0-9]* | wc -l | grep -c "^[0-9]$"'), 'perl\n1\n')
  t.is(
    await inNode('for file in kernel/panic vm/swappiness; do echo 1 2>/dev/null >/proc/sys/$file || echo no; done'),
    'no\nno\n',
  )
  t.is(await inNode('ls /sys/class/net'), 'eth0\neth1\nlo\n')
  t.is(
    await inNode('ls -d /proc/sys/kernel /work /mnt/* 2>/dev/null; mount | grep -c "^/dev/"'),
    '/proc/sys/kernel\n0\n',
  )
  // Nobody else may enter the directory with the sockets, and no port is open.
  t.is(fs.statSync(clusterIn(state)).mode & 0o777, 0o700)
  const world = processOf(state, 'world')
  const sockets = fs.readFileSync(`/proc/${processOf(state, 'vm-001')}/net/tcp`, 'utf8')
  t.is(sockets.trim().split('\n').length, 1, `listening in the node of ${world}`)
})

test.serial('refuses a node with another host key', async t => {
  const { state, run } = program(t)
  t.is((await run('test', 'start', '--nvm=1')).status, 0)
  const record = path.join(clusterIn(state), 'cluster.json')
  const text = fs.readFileSync(record, 'utf8')
  fs.writeFileSync(
    record,
    text.replace(/("hostKey": ".{60})./, (_, key) => `${key}${text.includes(`${key}A`) ? 'B' : 'A'}`),
  )
  const { status, stderr } = await run('exec', 'vm-001', '--', 'true')
  t.is(status, 4)
  t.regex(stderr, /vm-001: unexpected host key on /)
})

/**
 * As a user who has a range in /etc/subuid, which only this process tree sees. The user may be unable to enter the
 * directory of the checkout, such as /root: it is also mounted in the user's home.
 */
async function asOrdinaryUser(t: ExecutionContext, ranges: string, ...words: string[]) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-user-'))
  t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
  const cache = path.join(home, '.cache/xcluster-netns')
  fs.mkdirSync(cache, { recursive: true })
  const own = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'xcluster-netns')
  for (const name of fs.readdirSync(own).filter(each => each.startsWith('image-')))
    fs.cpSync(path.join(own, name), path.join(cache, name), { recursive: true, preserveTimestamps: true })
  fs.writeFileSync(path.join(home, 'ranges'), ranges)
  const checkout = path.join(home, 'checkout')
  fs.mkdirSync(checkout)
  const script = `mount --bind "$1/ranges" /etc/subuid && mount --bind "$1/ranges" /etc/subgid &&
		chown -R nobody "$1" && mount --bind "$2" "$1/checkout" && cd / && HOME=$1 && export HOME && shift 2 &&
		exec setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all "$@"`
  const command = ['--mount', 'sh', '-c', script, 'sh', home, TOP, path.join(checkout, 'netns.ts'), ...words]
  const { XDG_STATE_HOME: _, XDG_CACHE_HOME: __, ...env } = process.env
  const child = spawn('unshare', command, { env: { ...env, CI: 'true' }, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = [child.stdout, child.stderr].map(stream => {
    const chunks: Buffer[] = []
    stream.on('data', chunk => chunks.push(chunk))
    return () => Buffer.concat(chunks).toString()
  })
  const status = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { status, stdout: output[0]?.() ?? '', stderr: output[1]?.() ?? '' }
}

const ifRoot = process.getuid?.() === 0 ? test.serial : test.serial.skip

ifRoot('works for an ordinary user with a range of subordinate IDs', async t => {
  const ranges = 'nobody:300000:65536\n'
  const { status, stderr } = await asOrdinaryUser(t, ranges, 'test', 'bridge', '--cluster', 'namespaces', '--nvm=2')
  t.is(status, 0, stderr)
  t.regex(stderr, /matrix: 48 of 48 pairs answer; 64 of 64 forbidden pairs blocked/)
})

ifRoot('tells a user without such a range how to get one, and starts nothing', async t => {
  const { status, stderr } = await asOrdinaryUser(t, 'adam:300000:65536\n', 'test', 'bridge', '--cluster', 'namespaces')
  t.is(status, 3, stderr)
  t.regex(stderr, /\/etc\/subuid has no range of at least 1000 IDs for nobody \(an administrator can run: usermod /)
})
