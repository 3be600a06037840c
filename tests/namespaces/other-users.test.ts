import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import test from 'ava'
import { until } from '../vm/program.ts'
import { clusterIn, program, writeOvl } from './program.ts'

/** Unique: other runs of this test may have processes on the host. */
const TOKEN = `token ${process.pid} of the caller`
/** A user without a name, who owns nothing here. */
const OTHER = ['--reuid', '54321', '--regid', '54321', '--clear-groups', '--inh-caps=-all']

const ifRoot = process.getuid?.() === 0 ? test.serial : test.serial.skip

/** Processes whose environment contains a text, by their command lines. */
const processesWith = (text: string) =>
  fs.readdirSync('/proc').flatMap(pid => {
    if (!/^\d+$/.test(pid)) return []
    try {
      const environment = fs.readFileSync(`/proc/${pid}/environ`, 'utf8')
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return environment.includes(text) ? [{ environment, command }] : []
    } catch {
      return [] // ended meanwhile, or another user's
    }
  })

test.serial('processes that outlive a command do not have its environment', async t => {
  const { state, start, run, runWith } = program(t)
  const started = await runWith({ TOKEN }, 'test', 'start', '--nvm=2')
  t.is(started.status, 0, started.stderr)
  const session = start(['exec', 'vm-001', '--', 'sh', '-c', 'echo here; sleep 1000'], { TOKEN })
  let output = ''
  session.stdout?.on('data', chunk => {
    output += chunk
  })
  await until(session, () => output === 'here\n')
  session.kill('SIGKILL')
  await session.ended
  const ofCluster = processesWith(`NETNS_CLUSTER_DIRECTORY=${fs.realpathSync(clusterIn(state))}`)
  t.true(ofCluster.length >= 4, `${ofCluster.length} processes`)
  t.deepEqual(processesWith(TOKEN), [])
  t.is((await run('stop')).status, 0)
})

test.serial('the orphan reaper does not have the environment of its run', async t => {
  const { state, start } = program(t)
  writeOvl(state, 'slow', { 'usr/bin/fping': '#!/bin/sh\nsleep 600\n' })
  const runner = start(['test', 'bridge', '--nvm=1', './slow'], { TOKEN })
  await until(runner, () => fs.existsSync(path.join(clusterIn(state), 'vm-001.pid')))
  const reapers = processesWith(`XDG_STATE_HOME=${state}`).filter(({ command }) => / reaper /.test(command))
  t.is(reapers.length, 1)
  t.deepEqual(
    reapers.filter(({ environment }) => environment.includes(TOKEN)),
    [],
  )
  runner.kill('SIGTERM')
  t.is((await runner.ended).status, 143)
})

ifRoot('other users reach no file and no socket of a cluster, under any umask', async t => {
  const { state, run } = program(t)
  fs.chmodSync(state, 0o755)
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  const started = await run('test', 'start', '--nvm=2')
  t.is(started.status, 0, started.stderr)
  const asOther = (...words: string[]) => spawnSync('setpriv', [...OTHER, ...words], { encoding: 'utf8' })
  t.is(asOther('ls', state).status, 0)
  t.not(asOther('ls', path.join(state, 'xcluster-netns')).status, 0)
  for (const node of ['vm-001', 'vm-002']) {
    const socket = path.join(clusterIn(state), `${node}.sock`)
    const connect = ['perl', '-MIO::Socket::UNIX', '-e', 'exit !IO::Socket::UNIX->new(Peer => $ARGV[0])', socket]
    t.is(spawnSync(connect[0] as string, connect.slice(1)).status, 0)
    t.is(asOther(...connect).status, 1)
  }
})

test.serial('uses no predictable name in the directory for temporary files', async t => {
  const { state, runWith } = program(t)
  const shared = path.join(state, 'shared')
  fs.mkdirSync(shared)
  const namesOfRun = async () => {
    const names = new Set<string>()
    const watcher = fs.watch(shared, (_, name) => name && names.add(name))
    try {
      const { status, stderr } = await runWith({ TMPDIR: shared }, 'test', 'bridge', '--nvm=1', '--stop')
      t.is(status, 0, stderr)
      const copied = await runWith({ TMPDIR: shared }, 'tar', path.join(state, 'ovl.tar'))
      t.is(copied.status, 0, copied.stderr)
    } finally {
      watcher.close()
    }
    t.deepEqual(fs.readdirSync(shared), [])
    return names
  }
  const first = await namesOfRun()
  const second = await namesOfRun()
  t.deepEqual(
    [...first].filter(name => second.has(name)),
    [],
  )
})
