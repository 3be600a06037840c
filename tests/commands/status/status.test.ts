import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { conforms } from '../../schema.ts'

const NETNS = path.resolve(import.meta.dirname, '../../../netns.ts')

test("status lists another host's cluster; stop leaves it running, by name and with --all", t => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-status-'))
  t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
  const directory = path.join(home, 'xcluster-netns/clusters/default')
  fs.mkdirSync(directory, { recursive: true })
  const record = {
    name: 'default',
    host: { name: 'far', key: 'ffffffff' },
    bootId: 'x',
    owner: { pid: 1, startTime: '1' },
    kept: true,
    created: '2026-01-01T00:00:00.000Z',
    nodes: [{ name: 'vm-001', number: 1, role: 'worker', port: 1 }],
    hostKey: 'key',
  }
  fs.writeFileSync(path.join(directory, 'cluster.json'), JSON.stringify(record))
  const run = (...words: string[]) => {
    const env = { ...process.env, XDG_STATE_HOME: home }
    const { status, stdout, stderr } = spawnSync(NETNS, words, { env, encoding: 'utf8' })
    return { status, stdout, stderr }
  }
  const [header, line] = run('status').stdout.split('\n')
  t.regex(header ?? '', /^NAME +CONDITION +CREATED +NODES$/)
  t.regex(line ?? '', /^default +on another host \(far\) +2026-01-01T00:00:00.000Z +vm-001$/)
  const clusters = JSON.parse(run('status', '--json').stdout)
  conforms(t, 'status', clusters)
  const [shown] = clusters
  t.is(shown.condition, 'on another host')
  t.is(shown.host, 'far')
  const stopped = run('stop', '--all')
  t.is(stopped.status, 0)
  t.regex(stopped.stderr, /cluster 'default' is on another host, far: not stopped/)
  const named = run('stop')
  t.is(named.status, 3)
  t.regex(named.stderr, /no cluster 'default' is running \(one is on another host, far: stop it there, or remove /)
  t.is(run('stop', '--abandoned').status, 0)
  t.true(fs.existsSync(path.join(directory, 'cluster.json')))
})
