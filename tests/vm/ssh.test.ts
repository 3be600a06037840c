import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import test from 'ava'
import { logIn } from '../../scripts/cluster/embedded/login.ts'
import { requireCluster } from '../../scripts/cluster/embedded/registry.ts'
import { program } from './program.ts'

test('many commands at once on a node are all run, and others who wait to log in block nobody for ever', async t => {
  const { state, run, start } = program(t)
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

  // dropbear lets five connections of an address wait to log in.
  const idle = Array.from({ length: 6 }, () => net.connect(vm.port, '127.0.0.1').on('error', () => {}))
  await Promise.all(idle.slice(0, 5).map(socket => new Promise(resolve => socket.once('data', resolve))))
  const refused = await run('exec', 'vm-001', '--', 'true')
  t.is(refused.status, 4)
  t.regex(
    refused.stderr,
    /^netns\.ts: vm-001: .*closes new connections at once \(.*ss -tnp dst 127\.0\.0\.1:\d+.*\)\n$/,
  )
  const patient = start(['exec', 'vm-001', '--', 'hostname'])
  await new Promise(resolve => setTimeout(resolve, 3000))
  for (const socket of idle) socket.destroy()
  const { status, stdout, stderr } = await patient.ended
  t.is(status, 0, stderr)
  t.is(stdout, 'vm-001\n')
  t.true(fs.existsSync(directory))
})
