import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import test from 'ava'
import { requireCluster } from '../../scripts/cluster/own/find-clusters.ts'
import { logIn } from '../../scripts/cluster/own/login.ts'
import { program } from './program.ts'

test('runs many concurrent commands on a node', async t => {
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

test("idle connections to a VM's port do not prevent logins", async t => {
  const { state, run } = program(t)
  const started = await run('test', 'start', '--nvm=1', '--no-stop')
  t.is(started.status, 0, started.stderr)
  const [{ port } = {}] = requireCluster(path.join(state, 'xcluster-netns'), 'default').record.nodes
  if (port === undefined) return t.fail()
  const sockets: net.Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  const hold = async (count: number, says: string) => {
    const held = Array.from({ length: count }, async () => {
      const socket = net
        .connect(port, '127.0.0.1')
        .on('error', () => {})
        .resume()
      sockets.push(socket)
      await once(socket, 'connect')
      socket.write(says)
    })
    await Promise.all(held)
  }
  // Silent connections, and some that start a login without finishing it, above the server's limit.
  for (const [count, says] of [
    [6, ''],
    [40, ''],
    [6, 'SSH-2.0-idle\r\n'],
    [40, 'SSH-2.0-idle\r\n'],
  ] as const) {
    await hold(count, says)
    const begun = performance.now()
    const ran = await run('exec', 'vm-001', 'echo', 'here')
    const milliseconds = Math.round(performance.now() - begun)
    t.log(`${count} more that say '${says.trim()}': ${milliseconds} ms`)
    t.is(ran.stdout, 'here\n', ran.stderr)
    t.true(milliseconds < 15_000, `${milliseconds} ms`)
  }
  const again = await run('test', 'bridge', '--no-start')
  t.is(again.status, 0, again.stderr)
  const logins = await run('exec', 'vm-001', 'pgrep', '-c', 'dropbear')
  t.true(Number(logins.stdout) <= 32, `${logins.stdout} logins are held`)
})
