import { once } from 'node:events'
import fs from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { updateRecord } from '../../../scripts/cluster/own/cluster-record.ts'
import { enter } from '../../../scripts/cluster/own/entering.ts'
import { findCluster } from '../../../scripts/cluster/own/find-clusters.ts'
import { makeSshKey } from '../../../scripts/cluster/own/keys.ts'
import { storeKey } from '../../../scripts/cluster/own/login.ts'
import { claimCluster } from '../../../scripts/cluster/own/registry.ts'
import { spawnInCluster } from '../../../scripts/cluster/own/spawn.ts'
import { waitUntil } from '../../wait-until.ts'

test('stops waiting for a VM that accepts connections but never responds when the signal is aborted', async t => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-enter-'))
  const state = path.join(home, 'xcluster-netns')
  t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
  const mute = net.createServer().listen(0, '127.0.0.1')
  t.teardown(() => mute.close())
  await once(mute, 'listening')
  const { port } = mute.address() as AddressInfo
  const directory = await claimCluster(state, 'mine', 'key')
  storeKey(directory, makeSshKey().private)
  updateRecord(directory, { nodes: [{ name: 'vm-001', number: 1, role: 'worker', port }] })
  // In the place of its QEMU: without one the VM is gone, and nobody logs in.
  const { child } = spawnInCluster('vm-001', directory, ['sleep', '1000'])
  t.teardown(() => child.kill('SIGKILL'))
  await waitUntil('its process runs', () => findCluster(state, 'mine')?.processes.length === 1)
  const told = new AbortController()
  const entering = enter('vm-001', {
    options: { __name: 'mine' },
    environment: { HOME: '/nonexistent', XDG_STATE_HOME: home },
    signal: told.signal,
  })
  const [connection] = await Promise.race([once(mute, 'connection'), entering.then(() => [])])
  const reason = new Error('told to')
  told.abort(reason)
  t.is(await entering.catch((error: unknown) => error), reason)
  if (!connection.destroyed) await once(connection, 'close')
})
