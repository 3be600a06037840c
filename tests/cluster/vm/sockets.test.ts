import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { listenIn, requireSocketNames } from '../../../scripts/cluster/vm/sockets.ts'

function directory(t: ExecutionContext): string {
  const made = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netns-sockets-')))
  t.teardown(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

test('refuses a directory whose path is too long for switch sockets, also behind a symbolic link', t => {
  const made = directory(t)
  const long = path.join(made, 'x'.repeat(100))
  t.throws(() => requireSocketNames(long, [1]), { code: 'STATE_PATH_TOO_LONG', message: /\/net1: \d+ bytes/ })
  t.notThrows(() => requireSocketNames(long, []), 'a cluster without switches has no such sockets')
  fs.mkdirSync(long)
  fs.symlinkSync(long, path.join(made, 'short'))
  t.throws(() => requireSocketNames(path.join(made, 'short/clusters'), [1]), { code: 'STATE_PATH_TOO_LONG' })
  t.throws(() => requireSocketNames(path.join(made, 'ü'.repeat(45)), [1]), undefined, 'bytes count, not letters')
  t.notThrows(() => requireSocketNames(made, [1, 239]))
})

test('listens on a socket in a directory whose path has any length', async t => {
  const made = path.join(directory(t), 'y'.repeat(200))
  fs.mkdirSync(made)
  const server = await listenIn(made, 'a.socket')
  t.true(fs.statSync(path.join(made, 'a.socket')).isSocket())
  const here = fs.openSync(made, 'r')
  const connected = once(server, 'connection')
  const client = net.connect(`/proc/self/fd/${here}/a.socket`)
  await connected
  client.destroy()
  server.close()
  fs.closeSync(here)
  await t.throwsAsync(listenIn(path.join(made, 'missing'), 'a.socket'), { code: 'ENOENT' })
  fs.writeFileSync(path.join(made, 'taken'), '')
  await t.throwsAsync(listenIn(made, 'taken'), { code: 'EADDRINUSE' })
})
