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
import { type Pretended, pretendXcluster } from './pretended.ts'

interface Tried {
  readonly events: readonly NewEvent[]
  readonly end: Promise<unknown>
}

/** Starts a cluster on a pretended xcluster: no VM ever comes up. */
async function start(
  { command, directory }: Pretended,
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

function ovl(t: ExecutionContext, pretended: Pretended, place: string): OvlDirectory {
  const directory = path.join(pretended.directory, place)
  fs.mkdirSync(directory, { recursive: true })
  fs.writeFileSync(path.join(directory, 'tar'), '#!/bin/sh\n', { mode: 0o755 })
  t.true(fs.existsSync(directory))
  return { name: path.basename(directory), directory }
}

test.serial(
  'the ovls are packed in their order, VMs that stay silent are named with their console, and all is stopped',
  async t => {
    const console = `printf 'one\\r\\nKernel panic\\r\\n' >$directory/tmp/screen/screenlog.vm-001`
    // What xcluster starts goes on running, with xcluster's streams.
    const silent = pretendXcluster(t, `starts) mkdir $directory/tmp/screen; ${console}; sleep 5 & ;;`)
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

test.serial('an ovl that xcluster does not find is named with the places', async t => {
  const pretended = pretendXcluster(t, 'ovld) [ "$2" != gone ] || exit 1; echo /x ;;')
  const { end } = await start(pretended, { XOVLS: 'gone' })
  await t.throwsAsync(end, { code: 'OVL_NOT_FOUND', message: /'gone'.*\/ovl/ })
  t.false(pretended.calls().some(call => call.startsWith('mkcdrom')))
})

test.serial('all ovls that are not found are named, and that there are no places', async t => {
  const pretended = pretendXcluster(t, 'ovld) case $2 in gone|away) exit 1;; esac; echo /x ;;')
  const { end } = await start(pretended, { BASEOVLS: 'away', XOVLS: 'gone' })
  await t.throwsAsync(end, { code: 'OVL_NOT_FOUND', message: /'away', 'gone' in/ })
  const nowhere = pretendXcluster(
    t,
    'env) echo "XCLUSTER_HOME=$directory"; echo "XCLUSTER_TMP=$directory/tmp" ;; ovld) exit 1 ;;',
  )
  const { end: lost } = await start(nowhere)
  await t.throwsAsync(lost, { code: 'OVL_NOT_FOUND', message: /'test': XCLUSTER_OVLPATH is not set/ })
})

test.serial('what a failing packing said is shown, and nothing is started', async t => {
  const pretended = pretendXcluster(t, 'mkcdrom) echo "ERROR: no archive of iptools" >&2; exit 1 ;;')
  const { end } = await start(pretended)
  await t.throwsAsync(end, { code: 'XCLUSTER_FAILED', message: /no archive of iptools/ })
  t.false(pretended.calls().includes('starts'))
})

test.serial('a start that fails is told with what it said', async t => {
  const pretended = pretendXcluster(t, 'starts) echo "ERROR: no kernel"; exit 1 ;;')
  fs.mkdirSync(path.join(pretended.directory, 'tmp/screen'))
  const { end } = await start(pretended)
  await t.throwsAsync(end, { code: 'XCLUSTER_FAILED', message: /no kernel/ })
})

test.serial('consoles are in xterm or in screen, and where that is missing, it is told', async t => {
  for (const [options, command, program] of [
    [{ __xterm: 'yes' }, 'start', 'xterm'],
    [{}, 'starts', 'screen'],
  ] as const) {
    const pretended = pretendXcluster(t)
    const { end } = await start(pretended, { SETUP: 'mine' }, [], 'start', options)
    const error = await t.throwsAsync<Failure>(end)
    t.deepEqual(
      pretended.calls().filter(call => /^start/.test(call)),
      [command],
    )
    t.regex(error?.hint ?? '', new RegExp(hasProgram(program) ? '--timeout' : `^${program}, .*is not installed`))
  }
})

test.serial('two ovls of one name are refused', async t => {
  const pretended = pretendXcluster(t)
  const { end } = await start(pretended, {}, [ovl(t, pretended, 'a/one'), ovl(t, pretended, 'b/one')])
  await t.throwsAsync(end, { code: 'OVL_NAMES', message: /a\/one.*b\/one|b\/one.*a\/one/ })
})

test.serial('without a disk image nothing is started', async t => {
  const pretended = pretendXcluster(t)
  fs.rmSync(path.join(pretended.directory, 'hd.img'))
  const { end } = await start(pretended)
  await t.throwsAsync(end, { code: 'NO_XCLUSTER_IMAGE', message: /hd\.img/ })
})

test.serial('without a cluster, --no-start says so', async t => {
  const { end } = await start(pretendXcluster(t), {}, [], 'attach')
  await t.throwsAsync(end, { code: 'NO_CLUSTER' })
})

/** Takes connections where the first VM's ssh would, until the file `stopped` is there. */
function answerUntilStopped(t: ExecutionContext, { directory }: Pretended): void {
  const isStopped = () => fs.existsSync(path.join(directory, 'stopped'))
  const server = net.createServer(socket => socket.destroy()).listen(12_301, '127.0.0.1')
  const watch = setInterval(() => isStopped() && server.close(), 20)
  t.teardown(() => {
    clearInterval(watch)
    server.close()
  })
}

test.serial('a cluster that runs is stopped before another one is started, and a line says so', async t => {
  const pretended = pretendXcluster(t, 'stop) touch $directory/stopped ;;')
  answerUntilStopped(t, pretended)
  const { end, events } = await start(pretended)
  // No VM comes up here.
  await t.throwsAsync(end, { message: /did not come up/ })
  t.deepEqual(
    pretended
      .calls()
      .filter(call => /^(mkcdrom|starts|stop)/.test(call))
      .map(call => call.split(' ')[0]),
    ['mkcdrom', 'stop', 'starts', 'stop'],
  )
  t.true(events.some(event => event.type === 'notice' && /^stopped xcluster's cluster/.test(event.text)))
})

test.serial('what still answers after xcluster stopped its cluster is named, and nothing is started', async t => {
  const pretended = pretendXcluster(t, 'stop) ;;')
  answerUntilStopped(t, pretended)
  const { end } = await start(pretended)
  await t.throwsAsync(end, { code: 'CLUSTER_RUNS', message: /12301/ })
  t.false(pretended.calls().includes('starts'))
})

test.serial("xcluster's cluster is refused while another run owns it, and nothing is packed", async t => {
  const pretended = pretendXcluster(t, 'stop) touch $directory/stopped ;;')
  const state = path.join(pretended.directory, 'state/xcluster-netns/xcluster')
  fs.mkdirSync(state, { recursive: true })
  const record = {
    bootId: bootId(),
    owner: findProcess(process.ppid),
    kept: false,
    created: '',
    command: pretended.command,
    exports: {},
  }
  fs.writeFileSync(path.join(state, 'cluster.json'), JSON.stringify(record))
  const { end } = await start(pretended)
  await t.throwsAsync(end, { code: 'CLUSTER_IN_USE', message: new RegExp(`by process ${process.ppid}$`) })
  t.false(pretended.calls().some(call => /^(mkcdrom|starts|stop)/.test(call)))
  const { end: replaced } = await start(pretended, {}, [], 'start', { __replace: 'yes' })
  await t.throwsAsync(replaced, { message: /did not come up/ })
  t.true(pretended.calls().includes('starts'))
})
