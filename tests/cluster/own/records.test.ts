import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { requireOwnCluster, updateRecord } from '../../../scripts/cluster/own/cluster-record.ts'
import { findCluster, findClusters } from '../../../scripts/cluster/own/find-clusters.ts'
import { partsOf, requireParts } from '../../../scripts/cluster/own/parts.ts'
import { markedProcesses, recordedProcesses } from '../../../scripts/cluster/own/records.ts'
import { claimCluster, destroyCluster } from '../../../scripts/cluster/own/registry.ts'
import { endChildren, spawnInCluster } from '../../../scripts/cluster/own/spawn.ts'
import { findProcess, processState } from '../../../scripts/host/processes.ts'
import { waitUntil } from '../../wait-until.ts'

/** A cluster of this process with two processes that stay, and how they ended. */
async function cluster(t: ExecutionContext) {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-records-'))
  const directory = await claimCluster(state, 'mine', 'key')
  const started = ['vm-001', 'net1'].map(name => spawnInCluster(name, directory, ['sleep', '1000']))
  t.teardown(async () => {
    await endChildren(directory)
    fs.rmSync(state, { recursive: true, force: true })
  })
  await waitUntil('its processes run', () => findCluster(state, 'mine')?.processes.length === 2)
  return { state, directory, started, pids: started.map(({ child }) => child.pid as number) }
}

for (const [what, damage] of Object.entries<(directory: string) => void>({
  'without its record': directory => fs.rmSync(path.join(directory, 'cluster.json')),
  'with an empty record': directory => fs.writeFileSync(path.join(directory, 'cluster.json'), ''),
  'with half a record': directory => fs.truncateSync(path.join(directory, 'cluster.json'), 30),
  'with a record that is null': directory => fs.writeFileSync(path.join(directory, 'cluster.json'), 'null'),
  'with a record of something else': directory => fs.writeFileSync(path.join(directory, 'cluster.json'), '{"name":1}'),
  'with nodes that are none': directory => {
    const file = path.join(directory, 'cluster.json')
    fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), nodes: [null] }))
  },
  'without the records of its processes': directory => {
    for (const file of fs.readdirSync(directory)) if (file.endsWith('.pid')) fs.rmSync(path.join(directory, file))
  },
  'with empty records of its processes': directory => {
    for (const file of fs.readdirSync(directory)) if (file.endsWith('.pid')) fs.truncateSync(path.join(directory, file))
  },
  'without its directory': directory => fs.rmSync(directory, { recursive: true }),
})) {
  test(`status shows a cluster ${what}, and stop ends all its processes`, async t => {
    const { state, directory, started, pids } = await cluster(t)
    damage(directory)
    t.deepEqual(
      findClusters(state).map(({ name }) => name),
      ['mine'],
    )
    t.true(await destroyCluster(state, 'mine', 'any'))
    for (const { ended } of started) t.is(await ended, 'was ended by SIGKILL')
    t.deepEqual(
      pids.map(pid => findProcess(pid)),
      [undefined, undefined],
    )
    t.deepEqual(findClusters(state), [])
    t.false(fs.existsSync(directory))
  })
}

test('a new cluster ends processes of one with the same name whose directory was removed', async t => {
  const { state, directory, started } = await cluster(t)
  fs.rmSync(directory, { recursive: true })
  await claimCluster(state, 'mine', 'new key')
  for (const { ended } of started) t.is(await ended, 'was ended by SIGKILL')
})

test('ignores a process record of another boot, even if its process ID and start time are in use', async t => {
  const { directory, started } = await cluster(t)
  t.is(recordedProcesses(directory).length, started.length)
  for (const file of fs.readdirSync(directory).filter(name => name.endsWith('.pid'))) {
    const [line] = fs.readFileSync(path.join(directory, file), 'utf8').split('\n')
    fs.writeFileSync(path.join(directory, file), `${line}\nanother-boot\n`)
  }
  t.deepEqual(recordedProcesses(directory), [])
})

test('finds processes by the mark of their cluster, but not those of another directory', async t => {
  const { state, pids } = await cluster(t)
  const marked = markedProcesses(path.join(state, 'clusters'))
  t.deepEqual([...marked.keys()], ['mine'])
  t.deepEqual(
    marked
      .get('mine')
      ?.map(({ pid }) => pid)
      .sort(),
    [...pids].sort(),
  )
  t.is(markedProcesses(path.join(state, 'other')).size, 0)
  t.is(markedProcesses(state).size, 1)
})

test('attributes the processes of a renamed cluster to its new name only', async t => {
  const { state, directory, pids } = await cluster(t)
  const renamed = path.join(path.dirname(directory), 'other')
  fs.renameSync(directory, renamed)
  t.deepEqual(
    findClusters(state).map(({ name }) => name),
    ['other'],
  )
  t.false(await destroyCluster(state, 'mine', 'any'))
  for (const file of fs.readdirSync(renamed)) if (file.endsWith('.pid')) fs.rmSync(path.join(renamed, file))
  t.true(await destroyCluster(state, 'other', 'any'))
  t.deepEqual(
    pids.map(pid => findProcess(pid)),
    [undefined, undefined],
  )
})

test('ends a cluster by its process handles when its files are gone', async t => {
  const { directory, started } = await cluster(t)
  fs.rmSync(directory, { recursive: true })
  await endChildren(directory)
  for (const { ended } of started) t.is(await ended, 'was ended by SIGKILL')
})

test('reports a record that is missing or names another owner', async t => {
  const { directory } = await cluster(t)
  t.notThrows(() => requireOwnCluster(directory))
  updateRecord(directory, { owner: { pid: 1, startTime: '1' } })
  t.throws(() => requireOwnCluster(directory), { code: 'CLUSTER_DAMAGED' })
  fs.rmSync(directory, { recursive: true })
  t.throws(() => requireOwnCluster(directory), { code: 'CLUSTER_DAMAGED', message: /cluster\.json/ })
  t.throws(() => updateRecord(directory, { kept: true }), { code: 'CLUSTER_DAMAGED' })
})

test('reports VMs and switches that ended, and switches that are stopped', async t => {
  const { directory, started, pids } = await cluster(t)
  const parts = partsOf(directory, [{ name: 'vm-001' }])
  t.deepEqual(parts.map(({ what }) => what).sort(), ['the switch of net 1', 'vm-001'])
  t.notThrows(() => requireParts(parts))
  const [vm, net] = pids as [number, number]
  const stopped = async (pid: number) => {
    process.kill(pid, 'SIGSTOP')
    const id = findProcess(pid)
    await waitUntil('it is stopped', () => !id || processState(id) === 'stopped')
  }
  await stopped(vm)
  t.notThrows(() => requireParts(parts))
  await stopped(net)
  t.throws(() => requireParts(parts), { code: 'CLUSTER_BROKEN', message: /the switch of net 1 was stopped/ })
  for (const { child } of started) child.kill('SIGKILL')
  await Promise.all(started.map(({ ended }) => ended))
  t.throws(() => requireParts(parts), {
    code: 'CLUSTER_BROKEN',
    message: /the switch of net 1 has ended, vm-001 has ended|vm-001 has ended, the switch of net 1 has ended/,
  })
})
