import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { stopAll } from '../../../scripts/cluster/xcluster/stopping.ts'
import { bootId, thisProcess } from '../../../scripts/host/processes.ts'
import { fakeXcluster } from './fake-xcluster.ts'

/** A record of a run that has ended, on an xcluster none of whose VMs responds. */
function abandonedRun(t: ExecutionContext, kept: boolean) {
  const fake = fakeXcluster(t)
  const state = path.join(fake.directory, 'state')
  const directory = path.join(state, 'xcluster-netns/xcluster')
  fs.mkdirSync(directory, { recursive: true })
  const { pid } = spawnSync('true')
  const owner = { ...thisProcess(), pid }
  const record = { bootId: bootId(), owner, kept, created: '', command: fake.command, exports: {} }
  fs.writeFileSync(path.join(directory, 'cluster.json'), JSON.stringify(record))
  const stop = async (which: 'any' | 'abandoned') => {
    const environment = { XDG_STATE_HOME: state, XCLUSTER: fake.command, PATH: process.env.PATH }
    await stopAll({ environment, options: {}, which, onLine: () => {}, signal: new AbortController().signal })
    return fake.calls().filter(call => call === 'stop').length
  }
  return { stop, isRecorded: () => fs.existsSync(path.join(directory, 'cluster.json')) }
}

test.serial('stops the VMs of a killed run even if none of them responds', async t => {
  const { stop, isRecorded } = abandonedRun(t, false)
  t.is(await stop('abandoned'), 1)
  t.false(isRecorded())
  t.is(await stop('any'), 1)
})

test.serial('stops a cluster that was left running only on request', async t => {
  t.is(await abandonedRun(t, true).stop('abandoned'), 0)
  t.is(await abandonedRun(t, true).stop('any'), 1)
})
