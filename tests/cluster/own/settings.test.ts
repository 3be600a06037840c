import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { claimCluster } from '../../../scripts/cluster/own/registry.ts'
import { resolveSettings } from '../../../scripts/cluster/own/settings.ts'
import type { Environment } from '../../../scripts/host/environment.ts'

const resolved = (environment: Environment, more: { options?: Environment; fallback?: Environment } = {}) => {
  const signal = new AbortController().signal
  return resolveSettings({ options: {}, environment, test: {}, onLine: () => {}, signal, ...more })
}

/** A checkout's directory of ovls, with one topology. */
function checkout(t: ExecutionContext, name: string, envsettings: string): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-topology-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  fs.mkdirSync(path.join(directory, 'network-topology', name), { recursive: true })
  fs.writeFileSync(path.join(directory, 'network-topology', name, 'Envsettings'), envsettings)
  return directory
}

test("sources a topology of the user's checkout, but ignores its memory and CPUs", async t => {
  const XCLUSTER_OVLPATH = checkout(
    t,
    'mine',
    'export __nrouters=2 __mem201=128 __smp=3\n__nets_vm=0,1,7\necho noise\n',
  )
  const { nodes } = (await resolved({ TOPOLOGY: 'mine', XCLUSTER_OVLPATH, __nvm: '1' })).cluster
  t.deepEqual(
    nodes.map(({ name, nets, memoryMiB, cpus }) => [name, nets.join(','), memoryMiB, cpus]),
    [
      ['vm-001', '0,1,7', 256, 1],
      ['vm-201', '0,1,2', 256, 1],
      ['vm-202', '0,1,2', 256, 1],
    ],
  )
})

test("prefers a topology of the user's checkout to the built-in one, and reports a failing one by name", async t => {
  const other = checkout(t, 'multihop', '__nrouters=1\n')
  const count = async (environment: Environment) => (await resolved(environment)).cluster.nodes.length
  t.is(await count({ TOPOLOGY: 'multihop', XCLUSTER_OVLPATH: other }), 5)
  t.is(await count({ TOPOLOGY: 'multihop' }), 7)
  const failing = checkout(t, 'mine', 'echo broken >&2; exit 3\n')
  await t.throwsAsync(resolved({ TOPOLOGY: 'mine', XCLUSTER_OVLPATH: failing }), {
    code: 'BAD_TOPOLOGY',
    message: /broken/,
  })
  await t.throwsAsync(resolved({ TOPOLOGY: 'none' }), { code: 'NO_SUCH_TOPOLOGY', message: /none/ })
})

test('prefers user input to a built-in topology, and that to the default', async t => {
  const roles = async (environment: Environment, options: Environment = {}) => {
    const { nodes } = (await resolved(environment, { options, fallback: { __nrouters: '2' } })).cluster
    return nodes.filter(({ role }) => role === 'router').length
  }
  t.is(await roles({}), 2)
  t.is(await roles({ TOPOLOGY: 'multihop' }), 3)
  t.is(await roles({ TOPOLOGY: 'multihop' }, { __nrouters: '4' }), 4)
})

test('passes the default prefix to VMs when none is set', async t => {
  const fallback = { xcluster_PREFIX: 'fd00:' }
  const prefix = async (environment: Environment, more = {}) => {
    const { addressing, guestEnvironment } = await resolved(environment, more)
    return [addressing.prefix, guestEnvironment.PREFIX]
  }
  t.deepEqual(await prefix({}, { fallback }), ['fd00:', 'fd00:'])
  t.deepEqual(await prefix({ xcluster_PREFIX: 'fd01:' }, { fallback }), ['fd01:', 'fd01:'])
})

test('--no-start without a name uses the only running cluster, as other commands do', async t => {
  const XDG_STATE_HOME = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-running-'))
  t.teardown(() => fs.rmSync(XDG_STATE_HOME, { recursive: true }))
  const nameOf = async (options: Environment, environment: Environment = {}) =>
    (await resolved({ XDG_STATE_HOME, ...environment }, { options })).cluster.name
  t.is(await nameOf({ __no_start: 'yes' }), 'default')
  const state = path.join(XDG_STATE_HOME, 'xcluster-netns')
  await claimCluster(state, 'ux-a', '')
  t.is(await nameOf({ __no_start: 'yes' }), 'ux-a')
  t.is(await nameOf({}, { XCLUSTER_NETNS_NO_START: 'yes' }), 'ux-a')
  const { origins } = await resolved({ XDG_STATE_HOME }, { options: { __no_start: 'yes' } })
  t.is(origins.find(({ name }) => name === '__name')?.origin, 'running')
  t.is(await nameOf({}), 'default')
  t.is(await nameOf({ __no_start: 'yes', __name: 'mine' }), 'mine')
  t.is(await nameOf({ __no_start: 'yes' }, { __name: 'mine' }), 'mine')
  await claimCluster(state, 'ux-b', '')
  t.is(await nameOf({ __no_start: 'yes' }), 'default')
  await claimCluster(state, 'default', '')
  t.is(await nameOf({ __no_start: 'yes' }), 'default')
})

test('selects built-in topologies by name', async t => {
  const settings = (name: string) => resolved({ TOPOLOGY: name, __nvm: '1' })
  const { cluster } = await settings('multilan-router')
  t.deepEqual(
    cluster.nodes.map(({ name, nets }) => `${name} ${nets.join()}`),
    ['vm-001 0,1,3,4,5', 'vm-201 0,1,2', 'vm-202 0,1,2,3,4,5'],
  )
  await t.throwsAsync(settings('nowhere'), { code: 'NO_SUCH_TOPOLOGY', message: /nowhere/ })
})
