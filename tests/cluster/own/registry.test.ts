import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { updateRecord } from '../../../scripts/cluster/own/cluster-record.ts'
import {
  findCluster,
  findClusters,
  nameBeside,
  noCluster,
  requestedCluster,
} from '../../../scripts/cluster/own/find-clusters.ts'
import { adoptCluster, claimCluster, destroyCluster, renameCluster } from '../../../scripts/cluster/own/registry.ts'
import { spawnInCluster } from '../../../scripts/cluster/own/spawn.ts'
import { stateFailure } from '../../../scripts/cluster/own/state-directory.ts'
import type { Failure } from '../../../scripts/errors/failure.ts'
import { findProcess, isAlive, killProcesses, parseStat } from '../../../scripts/host/processes.ts'
import { isCovered } from '../../coverage.ts'
import { waitUntil } from '../../wait-until.ts'

function stateDirectory(t: ExecutionContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-state-'))
  t.teardown(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

/** A process that is gone. */
const GONE = { pid: 4_000_000, startTime: '1' }

test('refuses to claim a cluster that is in use, by name', async t => {
  const state = stateDirectory(t)
  await claimCluster(state, 'mine', 'key')
  t.is(findCluster(state, 'mine')?.condition, 'in use')
  await t.throwsAsync(claimCluster(state, 'mine', 'key'), { code: 'CLUSTER_IN_USE', message: /'mine'.*process/ })
  await t.notThrowsAsync(claimCluster(state, 'other', 'key'))
  t.deepEqual(
    findClusters(state).map(({ name }) => name),
    ['mine', 'other'],
  )
})

test('only one of two concurrent claims succeeds', async t => {
  const state = stateDirectory(t)
  const claims = await Promise.allSettled(Array.from({ length: 5 }, () => claimCluster(state, 'mine', 'key')))
  t.is(claims.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('another process finds and ends the processes of a cluster by process ID, and no others', async t => {
  const state = stateDirectory(t)
  const directory = await claimCluster(state, 'mine', 'key')
  const vm = spawnInCluster('vm-001', directory, ['sleep', '1000'])
  const neighbour = spawn('sleep', ['1000'], { cwd: directory })
  t.teardown(() => neighbour.kill())
  await waitUntil('its process runs', () => findCluster(state, 'mine')?.processes.length === 1)
  updateRecord(directory, { owner: GONE })
  t.is(findCluster(state, 'mine')?.condition, 'abandoned')
  t.true(await destroyCluster(state, 'mine', 'abandoned'))
  t.is(await vm.ended, 'was ended by SIGKILL')
  t.true(isAlive(findProcess(neighbour.pid ?? 0) ?? GONE))
  t.false(fs.existsSync(directory))
})

test('a claim replaces an abandoned cluster; a cluster that was left running can be adopted', async t => {
  const state = stateDirectory(t)
  const directory = await claimCluster(state, 'mine', 'key')
  updateRecord(directory, { owner: GONE })
  await claimCluster(state, 'mine', 'new key')
  t.is(findCluster(state, 'mine')?.record?.hostKey, 'new key')

  const { child } = spawnInCluster('vm-001', directory, ['sleep', '1000'])
  await waitUntil('its process runs', () => findCluster(state, 'mine')?.processes.length === 1)
  updateRecord(directory, { owner: GONE, kept: true })
  t.is(findCluster(state, 'mine')?.condition, 'kept')
  t.false(await destroyCluster(state, 'mine', 'abandoned'))
  t.is((await adoptCluster(state, 'mine')).record.name, 'mine')
  await t.throwsAsync(adoptCluster(state, 'mine'), { code: 'CLUSTER_IN_USE' })
  child.unref()
  t.true(await destroyCluster(state, 'mine', 'any'))
  await t.throwsAsync(adoptCluster(state, 'mine'), { code: 'NO_CLUSTER' })
})

/** A cluster with one process, which a finished run kept. */
async function keptCluster(state: string) {
  const directory = await claimCluster(state, 'mine', 'key')
  const { child, ended } = spawnInCluster('vm-001', directory, ['sleep', '1000'])
  await waitUntil('its process runs', () => findCluster(state, 'mine')?.processes.length === 1)
  updateRecord(directory, { owner: GONE, kept: true })
  child.unref()
  return { directory, ended }
}

test('stops a cluster that a finished run left running, with a notice', async t => {
  const state = stateDirectory(t)
  const { ended } = await keptCluster(state)
  const notices: string[] = []
  await claimCluster(state, 'mine', 'new key', { onNotice: line => notices.push(line) })
  t.is(await ended, 'was ended by SIGKILL')
  t.is(findCluster(state, 'mine')?.record?.hostKey, 'new key')
  t.is(notices.length, 1)
  t.regex(notices[0] ?? '', /^stopped cluster 'mine', running since \d{4}-/)
})

test('refuses to stop a cluster with active logins, except with --replace', async t => {
  const state = stateDirectory(t)
  const { directory, ended } = await keptCluster(state)
  const shell = spawn('sleep', ['1000'])
  t.teardown(() => shell.kill())
  fs.mkdirSync(path.join(directory, 'users'))
  const user = { ...(findProcess(shell.pid ?? 0) ?? GONE), what: 'shell vm-001' }
  fs.writeFileSync(path.join(directory, 'users', String(user.pid)), JSON.stringify(user))
  await t.throwsAsync(claimCluster(state, 'mine', 'key'), {
    code: 'CLUSTER_IN_USE',
    message: new RegExp(`'mine' is in use: shell vm-001 \\(process ${user.pid}\\)`),
  })
  t.is(findCluster(state, 'mine')?.processes.length, 1)
  await claimCluster(state, 'mine', 'key', { replace: true })
  t.is(await ended, 'was ended by SIGKILL')
})

test('ignores user records that are invalid or of ended processes', async t => {
  const state = stateDirectory(t)
  const { directory } = await keptCluster(state)
  fs.mkdirSync(path.join(directory, 'users'))
  fs.writeFileSync(path.join(directory, 'users', '1'), JSON.stringify({ ...GONE, what: 'shell vm-001' }))
  fs.writeFileSync(path.join(directory, 'users', '2'), '{')
  await t.notThrowsAsync(claimCluster(state, 'mine', 'key'))
})

test('a run whose cluster was replaced does not stop the new one', async t => {
  const state = stateDirectory(t)
  const directory = await claimCluster(state, 'mine', 'key')
  updateRecord(directory, { owner: findProcess(process.ppid) ?? GONE })
  t.false(await destroyCluster(state, 'mine', 'own'))
  t.true(await destroyCluster(state, 'mine', 'any'))
})

test('a cluster of another boot has no processes', async t => {
  const state = stateDirectory(t)
  const directory = await claimCluster(state, 'mine', 'key')
  // A process that lives and has the number that was written down.
  fs.copyFileSync('/proc/self/stat', path.join(directory, 'vm-001.pid'))
  updateRecord(directory, { bootId: 'another', kept: true })
  const found = findCluster(state, 'mine')
  t.is(found?.condition, 'abandoned')
  t.deepEqual(found?.processes, [])
  t.true(await destroyCluster(state, 'mine', 'abandoned'))
})

test('treats a directory without a record as abandoned', async t => {
  const state = stateDirectory(t)
  fs.mkdirSync(path.join(state, 'clusters/early'), { recursive: true })
  t.is(findCluster(state, 'early')?.condition, 'abandoned')
  t.true(await destroyCluster(state, 'early', 'any'))
})

test('reports a state directory that cannot be written, with a hint', async t => {
  const state = stateDirectory(t)
  fs.writeFileSync(path.join(state, 'file'), '')
  await t.throwsAsync(claimCluster(path.join(state, 'file'), 'mine', 'key'), {
    code: 'STATE_NOT_WRITABLE',
    message: /file/,
  })
})

test('parses process states with any command name, and ignores zombies', t => {
  const fields = (state: string) => `77 (a) (b c) ${state} ${Array.from({ length: 18 }, (_, i) => i).join(' ')} 4242 0`
  t.deepEqual(parseStat(fields('S')), { pid: 77, startTime: '4242' })
  t.is(parseStat(fields('Z')), undefined)
  t.is(parseStat(''), undefined)
})

test('does not confuse processes when a process ID is reused', async t => {
  const child = spawn('sleep', ['1000'])
  t.teardown(() => child.kill())
  const id = findProcess(child.pid ?? 0)
  t.truthy(id)
  await killProcesses([{ pid: child.pid ?? 0, startTime: '1' }])
  t.true(isAlive(id ?? GONE))
})

test("a process does not start when its cluster's directory is gone", async t => {
  const state = stateDirectory(t)
  const directory = await claimCluster(state, 'mine', 'key')
  const marker = path.join(state, 'ran')
  const late = spawnInCluster('vm-001', directory, ['touch', marker])
  fs.rmSync(directory, { recursive: true })
  const how = await late.ended
  // Either the directory went before the process could write its id, or it had started by then.
  t.true(how === 'exited with 0' || !fs.existsSync(marker), how)
})

test('reports a full disk with the directory, and passes on other errors', t => {
  const full = t.throws(() => fs.writeFileSync('/dev/full', 'x'), { code: 'ENOSPC' })
  const told = stateFailure('/a/state', full) as Failure
  t.deepEqual([told.code, told.exitCode], ['STATE_NOT_WRITABLE', 3])
  t.regex(told.message, /\/a\/state: no space left/)
  const elsewhere = Object.assign(new Error('full'), { code: 'ENOSPC', path: '/b/file' })
  for (const error of [elsewhere, new Error('another')]) t.is(stateFailure('/a/state', error), error)
})

const hasPlainEnvironment = isCovered ? test.skip : test

hasPlainEnvironment('processes of a cluster do not have the environment of the caller', async t => {
  process.env.NETNS_TEST_TOKEN = 'secret'
  const directory = await claimCluster(stateDirectory(t), 'mine', 'key')
  const { child, ended } = spawnInCluster('vm-001', directory, ['sleep', '1000'])
  t.teardown(async () => {
    child.kill()
    await ended
  })
  const environment = () => fs.readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0').filter(Boolean)
  const names = environment().map(line => line.replace(/=.*/s, ''))
  t.true(names.includes('PATH'))
  t.deepEqual(
    names.filter(
      name =>
        !['PATH', 'LC_ALL', 'LD_LIBRARY_PATH', 'NETNS_CLUSTER_DIRECTORY', 'PWD', 'OLDPWD', 'SHLVL', '_'].includes(name),
    ),
    [],
  )
})

test('shows the cluster of another host and never changes it; this host has its own of the same name', async t => {
  const state = stateDirectory(t)
  const directory = await claimCluster(state, 'mine', 'key')
  fs.copyFileSync('/proc/self/stat', path.join(directory, 'vm-001.pid'))
  const host = { name: 'other', key: '01234567' }
  for (const change of [{ bootId: 'another' }, { owner: GONE, kept: true }]) {
    updateRecord(directory, { host, ...change })
    t.is(findCluster(state, 'mine'), undefined)
    t.is(findClusters(state)[0]?.condition, 'on another host')
    t.deepEqual(findClusters(state)[0]?.processes, [])
    t.false(await destroyCluster(state, 'mine', 'any'))
    await t.throwsAsync(adoptCluster(state, 'mine'), { code: 'NO_CLUSTER' })
  }
  const own = await claimCluster(state, 'mine', 'own key')
  t.not(own, directory)
  t.is(findCluster(state, 'mine')?.record?.hostKey, 'own key')
  t.is(findCluster(state, 'mine')?.name, 'mine')
  // It stays found when the other one is gone.
  fs.renameSync(directory, `${state}/aside`)
  t.is(findCluster(state, 'mine')?.directory, own)
  fs.renameSync(`${state}/aside`, directory)
  t.deepEqual(
    findClusters(state).map(({ name, condition }) => [name, condition]),
    [
      ['mine', 'on another host'],
      ['mine', 'in use'],
    ],
  )
  t.true(await destroyCluster(state, 'mine', 'any'))
  t.true(fs.existsSync(path.join(directory, 'vm-001.pid')))
  t.is(findClusters(state).length, 1)
})

test('a cluster is abandoned after a restart of the host, not on another host', async t => {
  const state = stateDirectory(t)
  updateRecord(await claimCluster(state, 'mine', 'key'), { bootId: 'another' })
  t.is(findCluster(state, 'mine')?.condition, 'abandoned')
})

test('a second cluster has an unused name, and takes the requested one when it becomes free', async t => {
  const state = stateDirectory(t)
  await claimCluster(state, 'default', '')
  t.is(nameBeside(state, 'default'), 'default.2')
  await claimCluster(state, 'default.2', '')
  t.is(nameBeside(state, 'default'), 'default.3')
  t.false(await renameCluster(state, 'default.2', 'default'))
  await destroyCluster(state, 'default', 'any')
  t.true(await renameCluster(state, 'default.2', 'default'))
  t.is(findCluster(state, 'default')?.record?.name, 'default')
  t.is(findCluster(state, 'default.2'), undefined)
})

test('selects the default or the only running cluster without a name; an error lists the existing ones', async t => {
  const state = stateDirectory(t)
  t.is(requestedCluster(state, 'default'), 'default')
  t.like(noCluster(state, 'default'), { exitCode: 3, hint: 'start one with: netns.ts test start' })
  await claimCluster(state, 'ux-a', '')
  t.is(requestedCluster(state, 'default'), 'ux-a')
  await claimCluster(state, 'ux-b', '')
  t.is(requestedCluster(state, 'default'), 'default')
  t.is(noCluster(state, 'default').hint, 'running: ux-a, ux-b: choose one with --name <name>')
  await claimCluster(state, 'default', '')
  t.is(requestedCluster(state, 'default'), 'default')
})
