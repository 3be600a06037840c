import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { writeManifest } from '../../scripts/cache/manifest.ts'
import { program, until } from './program.ts'

const FILES = ['ram', 'state']

/** A separate cache with the shared image. */
function programWithCache(t: ExecutionContext) {
  const own = program(t)
  const shared = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'xcluster-netns')
  const cache = path.join(own.state, 'cache/xcluster-netns')
  fs.mkdirSync(cache, { recursive: true })
  for (const name of fs.readdirSync(shared)) {
    if (name.startsWith('image-') || name === 'kvm.json')
      fs.symlinkSync(path.join(shared, name), path.join(cache, name))
  }
  const environment = { XDG_CACHE_HOME: path.dirname(cache) }
  const start = (variables: Readonly<Record<string, string>> = {}) =>
    own.start(['test', 'start', '--nvm=1'], { ...environment, ...variables })
  const named = (beginning: string) => fs.readdirSync(cache).filter(name => name.startsWith(beginning))
  const template = () => path.join(cache, named('template-')[0] ?? 'none')
  return { ...own, cache, start, named, template }
}

/** The random cookie in an ssh server's first message (RFC 4253, sections 4.2, 6 and 7.1). */
async function cookieOf(port: number): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write('SSH-2.0-test\r\n')
  let said = Buffer.alloc(0)
  for await (const chunk of socket) {
    said = Buffer.concat([said, chunk])
    const packet = said.indexOf('\n') + 1
    if (packet > 0 && said.length >= packet + 22) {
      socket.destroy()
      return said.subarray(packet + 6, packet + 22).toString('hex')
    }
  }
  throw new Error('no key exchange')
}

test('clones of a VM have their own names, addresses, clocks and random numbers', async t => {
  const { run, state } = program(t)
  // At once: some time later the kernel would reseed anyway.
  const ovl = path.join(state, 'early')
  fs.mkdirSync(path.join(ovl, 'etc/init.d'), { recursive: true })
  const script = '#!/bin/sh\nhead -c 16 /dev/urandom | base64 >/tmp/early\n'
  fs.writeFileSync(path.join(ovl, 'etc/init.d/10random.rc'), script, { mode: 0o755 })
  fs.writeFileSync(path.join(ovl, 'tar'), '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")" etc\n', { mode: 0o755 })
  const started = await run('test', 'start', '--nvm=3', '--no-stop', '--ovl', ovl)
  t.is(started.status, 0, started.stderr)
  const shell = `hostname; cat /sys/class/net/eth*/address; cat /proc/sys/kernel/random/boot_id; cat /tmp/early; date +%s`
  const answers = await Promise.all(
    ['vm-001', 'vm-002', 'vm-003'].map(async name => {
      const { stdout } = await run('exec', name, '--', 'sh', '-c', shell)
      return stdout.trim().split('\n')
    }),
  )
  t.deepEqual(
    answers.map(lines => lines.slice(0, 3)),
    [1, 2, 3].map(n => [`vm-00${n}`, `00:00:00:01:00:0${n}`, `00:00:00:01:01:0${n}`]),
  )
  for (const line of [3, 4]) t.is(new Set(answers.map(lines => lines[line])).size, 3)
  for (const lines of answers) t.true(Math.abs(Number(lines[5]) - Date.now() / 1000) < 5, lines[5])
  const record = path.join(state, 'xcluster-netns/clusters/default/cluster.json')
  const { nodes } = JSON.parse(fs.readFileSync(record, 'utf8')) as { nodes: { port: number }[] }
  const cookies = await Promise.all(nodes.map(({ port }) => cookieOf(port)))
  t.is(new Set(cookies).size, 3)
})

test('a template is saved once, and rebuilt after damage, another QEMU, or a killed save', async t => {
  const { cache, start, named, template } = programWithCache(t)
  const runner = start()
  await until(runner, () => named('making-template-').length > 0)
  runner.kill('SIGKILL')
  await runner.ended
  const passes = async (variables = {}) => {
    const { status, stderr } = await start(variables).ended
    t.is(status, 0, stderr)
    return stderr
  }
  t.regex(await passes(), /template: built in/)
  t.deepEqual(named('making-'), [])
  t.notRegex(await passes(), /template:/)
  for (const damage of [
    () => fs.truncateSync(path.join(template(), 'ram'), 1 << 20),
    () => fs.writeFileSync(path.join(template(), 'state'), 'x'),
    () => fs.rmSync(path.join(template(), 'manifest.json')),
  ]) {
    damage()
    t.regex(await passes(), /template: .* is damaged[\s\S]*template: built in/)
  }
  const upgraded = path.join(cache, 'bin')
  fs.mkdirSync(upgraded)
  fs.writeFileSync(path.join(upgraded, 'qemu-system-x86_64'), '#!/bin/sh\nexec /usr/bin/qemu-system-x86_64 "$@"\n', {
    mode: 0o755,
  })
  t.regex(await passes({ PATH: `${upgraded}:${process.env.PATH}` }), /template: built in/)
  t.is(named('template-').length, 2)
})

test('a node that cannot be restored from its template boots, with a warning; the template is rebuilt', async t => {
  const { start, template, named } = programWithCache(t)
  t.is((await start().ended).status, 0)
  fs.writeFileSync(path.join(template(), 'state'), 'no state of a machine')
  await writeManifest(template(), FILES, {})
  const { status, stderr } = await start().ended
  t.is(status, 0, stderr)
  t.is(stderr.match(/^.*falling back to a cold boot$/gm)?.length, 1)
  t.regex(stderr, /the template is discarded/)
  t.deepEqual(named('template-'), [])
  t.regex((await start().ended).stderr, /template: built in/)
})

test('a template is retained if its node fails for another reason, which a cold boot does not fix', async t => {
  const { start, state, named } = programWithCache(t)
  const ovl = path.join(state, 'lethal')
  fs.mkdirSync(path.join(ovl, 'etc/init.d'), { recursive: true })
  // Stops the VM, which does not reboot.
  const script = '#!/bin/sh\necho b >/proc/sysrq-trigger\nsleep 100\n'
  fs.writeFileSync(path.join(ovl, 'etc/init.d/10end.rc'), script, { mode: 0o755 })
  fs.writeFileSync(path.join(ovl, 'tar'), '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")" etc\n', { mode: 0o755 })
  const { status, stderr } = await start({ XCLUSTER_NETNS_OVL: ovl }).ended
  t.is(status, 4, stderr)
  t.regex(stderr, /falling back to a cold boot/)
  t.notRegex(stderr, /discarded/)
  t.is(named('template-').length, 1)
})

test('a run suspended while its VMs start still restores them from their template when it continues', async t => {
  const { start, state, named } = programWithCache(t)
  t.is((await start().ended).status, 0)
  const runner = start()
  await until(runner, () => fs.existsSync(path.join(state, 'xcluster-netns/clusters/default/vm-001.pid')))
  runner.kill('SIGSTOP')
  // Longer than the timeout of a clone.
  await new Promise(resolve => setTimeout(resolve, 25_000))
  runner.kill('SIGCONT')
  const { status, stderr } = await runner.ended
  t.is(status, 0, stderr)
  t.notRegex(stderr, /falling back|discarded/)
  t.is(named('template-').length, 1)
})

test('a cluster with VMs of two sizes saves a template for each', async t => {
  const { runWith, cache, named } = programWithCache(t)
  const environment = { XDG_CACHE_HOME: path.dirname(cache) }
  const { status, stderr } = await runWith(environment, 'test', 'start', '--nvm=2', '--mem2=280')
  t.is(status, 0, stderr)
  t.notRegex(stderr, /no template could be saved/)
  t.is(named('template-').filter(name => !name.includes('lock')).length, 2)
  const { stdout } = await runWith(environment, 'logs')
  const speakers = new Set(
    stdout
      .trimEnd()
      .split('\n')
      .map(line => line.split(' | ')[0]),
  )
  t.deepEqual([...speakers].sort(), ['vm-001', 'vm-002'], 'what was saved has no console any more')
  t.is((await runWith(environment, 'stop')).status, 0)
})
