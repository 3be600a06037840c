import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { spawnInCluster } from '../../../scripts/cluster/own/spawn.ts'

const MODULE = path.resolve(import.meta.dirname, '../../../scripts/cluster/own/spawn.ts')

test('waits for detached processes that it kills, even when nothing else keeps the program running', t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-spawn-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const program = `
    import { endChildren, spawnInCluster } from ${JSON.stringify(MODULE)}
    const { child } = spawnInCluster('net1', ${JSON.stringify(directory)}, ['sleep', '60'])
    child.unref()
    await endChildren(${JSON.stringify(directory)})
    process.stdout.write(String(child.signalCode))`
  const node = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const { stdout, stderr, status } = spawnSync(process.execPath, node, { encoding: 'utf8' })
  t.is(status, 0, stderr)
  t.is(stdout, 'SIGKILL')
})

test('a process keeps running when a file reaches its size limit', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-spawn-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const flood = 'head -c 3000000 /dev/zero 2>/dev/null >flood; echo went on >flood.end'
  const { ended } = spawnInCluster('vm-001', directory, ['sh', '-c', flood], { mostBytes: 2 ** 20 })
  t.is(await ended, 'exited with 0')
  t.is(fs.statSync(path.join(directory, 'flood')).size, 2 ** 20)
  t.is(fs.readFileSync(path.join(directory, 'flood.end'), 'utf8'), 'went on\n')
})
