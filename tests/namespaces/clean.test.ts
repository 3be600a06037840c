import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { clusterIn, processOf, program } from './program.ts'

needsUserNamespaces()

test('clean retains the files of a running cluster', async t => {
  const { state, run } = program(t)
  const started = await run('test', 'start', '--nvm=1', '--no-stop')
  t.is(started.status, 0, started.stderr)
  t.true(fs.existsSync(path.join(clusterIn(state), 'cluster.json')))
  const mounts = fs.readFileSync(`/proc/${processOf(state, 'world')}/mountinfo`, 'utf8')
  const [tree] = /tree-[0-9a-f]{16}/.exec(mounts) ?? []
  t.truthy(tree, mounts)
  const { status, stderr } = await run('clean', '--dry-run')
  t.is(status, 0, stderr)
  const [, retained = ''] = /^retained, in use: (.*)$/m.exec(stderr) ?? []
  t.true(retained.split(', ').includes(tree ?? ''), stderr)
})
