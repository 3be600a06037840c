import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { resolveCluster } from '../../../scripts/cluster/choose.ts'
import type { OvlDirectory } from '../../../scripts/cluster/cluster.ts'
import type { Failure } from '../../../scripts/errors/failure.ts'
import type { NewEvent } from '../../../scripts/events/events.ts'
import type { Environment } from '../../../scripts/host/environment.ts'
import { bootId, findProcess } from '../../../scripts/host/processes.ts'
import { type FakeXcluster, fakeXcluster } from './fake-xcluster.ts'

interface Tried {
  readonly events: readonly NewEvent[]
  readonly end: Promise<unknown>
}

/** Starts a cluster on a fake xcluster, on which no VM comes up. */
async function start(
  { command, directory }: FakeXcluster,
  environment: Environment = {},
  extraOvls: readonly OvlDirectory[] = [],
  begin: 'start' | 'attach' = 'start',
  options: Environment = {},
): Promise<Tried> {
  const { signal } = new AbortController()
  const { cluster } = await resolveCluster({
    options: { __nvm: '1', __timeout: '3', ...options },
    environment: { XDG_STATE_HOME: path.join(directory, 'state'), ...environment, XCLUSTER: command },
    test: {},
    onLine: () => {},
    signal,
  })
  const events: NewEvent[] = []
  return { events, end: cluster[begin]({ test: 'start', extraOvls, emit: event => events.push(event), signal }) }
}

const hasProgram = (name: string) =>
  (process.env.PATH ?? '').split(':').some(place => fs.existsSync(path.join(place, name)))

function ovl(t: ExecutionContext, fake: FakeXcluster, place: string): OvlDirectory {
  const directory = path.join(fake.directory, place)
  fs.mkdirSync(directory, { recursive: true })
  fs.writeFileSync(path.join(directory, 'tar'), '#!/bin/sh\n', { mode: 0o755 })
  t.true(fs.existsSync(directory))
  return { name: path.basename(directory), directory }
}

test.serial(
  'packs the ovls in order, reports VMs that do not come up with their console, and stops everything',
  async t => {
    const console = `printf 'one\\r\\nKernel panic\\r\\n' >$directory/tmp/screen/screenlog.vm-001`
    // xcluster leaves processes running that hold its streams open.
    const silent = fakeXcluster(t, `starts) mkdir $directory/tmp/screen; ${console}; sleep 5 & ;;`)
    const extra = ovl(t, silent, 'elsewhere/my-ovl')
    fs.writeFileSync(path.join(silent.directory, 'tmp/cdrom.iso'), 'old')
    const { end } = await start(silent, { BASEOVLS: 'base', XOVLS: 'x y' }, [extra])
    await t.throwsAsync(end, { code: 'VM_NOT_UP', message: /vm-001.*Kernel panic/s })
    t.false(fs.existsSync(path.join(silent.directory, 'tmp/cdrom.iso')))
    t.deepEqual(
      silent.calls().filter(call => !/^(env|ovld)/.test(call)),
      ['mkcdrom env base network-topology iptools netns my-ovl x y test', 'starts', 'stop'],
    )
    const environment = fs.readFileSync(path.join(silent.directory, 'env-of-mkcdrom'), 'utf8')
    t.regex(environment, /^XCLUSTER_OVLPATH=.*:.*\/ovl$/m)
    t.regex(environment, /^__nrouters=0$/m)
  },
)

test.serial('reports an ovl that xcluster does not find, with the searched directories', async t => {
  const fake = fakeXcluster(t, 'ovld) [ "$2" != gone ] || exit 1; echo /x ;;')
  const { end } = await start(fake, { XOVLS: 'gone' })
  await t.throwsAsync(end, { code: 'OVL_NOT_FOUND', message: /'gone'.*\/ovl/ })
  t.false(fake.calls().some(call => call.startsWith('mkcdrom')))
})

test.serial('reports all missing ovls, and that no directories are set', async t => {
  const fake = fakeXcluster(t, 'ovld) case $2 in gone|away) exit 1;; esac; echo /x ;;')
  const { end } = await start(fake, { BASEOVLS: 'away', XOVLS: 'gone' })
  await t.throwsAsync(end, { code: 'OVL_NOT_FOUND', message: /'away', 'gone' in/ })
  const nowhere = fakeXcluster(
    t,
    'env) echo "XCLUSTER_HOME=$directory"; echo "XCLUSTER_TMP=$directory/tmp" ;; ovld) exit 1 ;;',
  )
  const { end: lost } = await start(nowhere)
  await t.throwsAsync(lost, { code: 'OVL_NOT_FOUND', message: /'test': XCLUSTER_OVLPATH is not set/ })
})

test.serial('shows the output of a failed packing, and starts nothing', async t => {
  const fake = fakeXcluster(t, 'mkcdrom) echo "ERROR: no archive of iptools" >&2; exit 1 ;;')
  const { end } = await start(fake)
  await t.throwsAsync(end, { code: 'XCLUSTER_FAILED', message: /no archive of iptools/ })
  t.false(fake.calls().includes('starts'))
})

test.serial('reports a failed start with its output', async t => {
  const fake = fakeXcluster(t, 'starts) echo "ERROR: no kernel"; exit 1 ;;')
  fs.mkdirSync(path.join(fake.directory, 'tmp/screen'))
  const { end } = await start(fake)
  await t.throwsAsync(end, { code: 'XCLUSTER_FAILED', message: /no kernel/ })
})

test.serial('runs consoles in xterm or screen, and reports when it is missing', async t => {
  for (const [options, command, program] of [
    [{ __xterm: 'yes' }, 'start', 'xterm'],
    [{}, 'starts', 'screen'],
  ] as const) {
    const fake = fakeXcluster(t)
    const { end } = await start(fake, { SETUP: 'mine' }, [], 'start', options)
    const error = await t.throwsAsync<Failure>(end)
    t.deepEqual(
      fake.calls().filter(call => /^start/.test(call)),
      [command],
    )
    t.regex(error?.hint ?? '', new RegExp(hasProgram(program) ? '--timeout' : `^${program}, .*is not installed`))
  }
})

test.serial('refuses two ovls with the same name', async t => {
  const fake = fakeXcluster(t)
  const { end } = await start(fake, {}, [ovl(t, fake, 'a/one'), ovl(t, fake, 'b/one')])
  await t.throwsAsync(end, { code: 'OVL_NAMES', message: /a\/one.*b\/one|b\/one.*a\/one/ })
})

test.serial('starts nothing without a disk image', async t => {
  const fake = fakeXcluster(t)
  fs.rmSync(path.join(fake.directory, 'hd.img'))
  const { end } = await start(fake)
  await t.throwsAsync(end, { code: 'NO_XCLUSTER_IMAGE', message: /hd\.img/ })
})

test.serial('--no-start reports that no cluster is running', async t => {
  const { end } = await start(fakeXcluster(t), {}, [], 'attach')
  await t.throwsAsync(end, { code: 'NO_CLUSTER' })
})

/** Accepts connections on the first VM's ssh port until the file `stopped` exists. */
function answerUntilStopped(t: ExecutionContext, { directory }: FakeXcluster): void {
  const isStopped = () => fs.existsSync(path.join(directory, 'stopped'))
  const server = net.createServer(socket => socket.destroy()).listen(12_301, '127.0.0.1')
  const watch = setInterval(() => isStopped() && server.close(), 20)
  t.teardown(() => {
    clearInterval(watch)
    server.close()
  })
}

test.serial('stops a running cluster before it starts another, with a notice', async t => {
  const fake = fakeXcluster(t, 'stop) touch $directory/stopped ;;')
  answerUntilStopped(t, fake)
  const { end, events } = await start(fake)
  // The fake xcluster starts no VMs.
  await t.throwsAsync(end, { message: /did not come up/ })
  t.deepEqual(
    fake
      .calls()
      .filter(call => /^(mkcdrom|starts|stop)/.test(call))
      .map(call => call.split(' ')[0]),
    ['mkcdrom', 'stop', 'starts', 'stop'],
  )
  t.true(events.some(event => event.type === 'notice' && /^stopped xcluster's cluster/.test(event.text)))
})

test.serial(
  'reports what still accepts connections after xcluster stopped its cluster, and starts nothing',
  async t => {
    const fake = fakeXcluster(t, 'stop) ;;')
    answerUntilStopped(t, fake)
    const { end } = await start(fake)
    await t.throwsAsync(end, { code: 'CLUSTER_RUNS', message: /12301/ })
    t.false(fake.calls().includes('starts'))
  },
)

test.serial("refuses xcluster's cluster while another run owns it, and packs nothing", async t => {
  const fake = fakeXcluster(t, 'stop) touch $directory/stopped ;;')
  const state = path.join(fake.directory, 'state/xcluster-netns/xcluster')
  fs.mkdirSync(state, { recursive: true })
  const record = {
    bootId: bootId(),
    owner: findProcess(process.ppid),
    kept: false,
    created: '',
    command: fake.command,
    exports: {},
  }
  fs.writeFileSync(path.join(state, 'cluster.json'), JSON.stringify(record))
  const { end } = await start(fake)
  await t.throwsAsync(end, { code: 'CLUSTER_IN_USE', message: new RegExp(`by process ${process.ppid}$`) })
  t.false(fake.calls().some(call => /^(mkcdrom|starts|stop)/.test(call)))
  const { end: replaced } = await start(fake, {}, [], 'start', { __replace: 'yes' })
  await t.throwsAsync(replaced, { message: /did not come up/ })
  t.true(fake.calls().includes('starts'))
})
