import path from 'node:path'
import { PassThrough } from 'node:stream'
import test from 'ava'
import { requireCluster } from '../../scripts/cluster/own/find-clusters.ts'
import { logIn } from '../../scripts/cluster/own/login.ts'
import { program } from './program.ts'

test('many commands at once on a node are all run', async t => {
  const { state, run } = program(t)
  const started = await run('test', 'start', '--nvm=1', '--no-stop')
  t.is(started.status, 0, started.stderr)
  const { directory, record } = requireCluster(path.join(state, 'xcluster-netns'), 'default')
  const [vm] = record.nodes
  if (!vm) return t.fail()
  const node = await logIn(directory, vm, record.hostKey)
  const ran = await Promise.allSettled(
    Array.from({ length: 200 }, async (_, index) => {
      const code = await node.connection.run(`exit ${index % 7}`, {
        stdout: new PassThrough().resume(),
        stderr: new PassThrough().resume(),
      })
      if (code !== index % 7) throw new Error(`exit ${index % 7}: ${code}`)
    }),
  )
  node.connection.close()
  t.deepEqual(
    ran.flatMap(result => (result.status === 'rejected' ? [String(result.reason)] : [])),
    [],
  )
})
