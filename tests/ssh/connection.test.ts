import { type EventEmitter, once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import ssh2, { type ServerChannel } from 'ssh2'
import { makeSshKey } from '../../scripts/cluster/own/keys.ts'
import { Connection } from '../../scripts/ssh/connection.ts'
import type { Login, PortLogin } from '../../scripts/ssh/login.ts'
import { waitUntil } from '../wait-until.ts'

const hostKey = makeSshKey()
const blobOf = (key: string) => key.split(' ')[1] ?? ''

/**
 * An ssh server on loopback that accepts all logins and passes each command to `answer`.
 * @param grant opens a channel, immediately by default
 */
async function serve(
  t: ExecutionContext,
  answer: (channel: ServerChannel, command: string) => void,
  grant: (open: () => void) => void = open => open(),
): Promise<PortLogin> {
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, client => {
    client.on('error', () => {})
    client.on('authentication', context => context.accept())
    client.on('session', accept =>
      grant(() => {
        const session = accept()
        session.on('signal', (accepted, _rejected, { name }) => {
          accepted?.()
          session.emit('received-signal', name)
        })
        session.on('exec', (accepted, _rejected, { command }) =>
          answer(Object.assign(accepted(), { session }), command),
        )
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return { name: 'vm-001', host: '127.0.0.1', port, user: 'root', hostKey: blobOf(hostKey.public) }
}

async function open(t: ExecutionContext, login: Login): Promise<Connection> {
  const connection = await Connection.open(login)
  t.teardown(() => connection.close())
  return connection
}

const sink = () => {
  const stream = new PassThrough()
  const chunks: Buffer[] = []
  stream.on('data', chunk => chunks.push(chunk))
  return { stream, text: () => Buffer.concat(chunks).toString() }
}

test('returns output and exit status of a command', async t => {
  const login = await serve(t, (channel, command) => {
    channel.write(`out of ${command}`)
    channel.stderr.write('complaint')
    channel.exit(7)
    channel.end()
  })
  const connection = await open(t, login)
  const [out, err] = [sink(), sink()]
  t.is(await connection.run('true', { stdout: out.stream, stderr: err.stream }), 7)
  t.is(out.text(), 'out of true')
  t.is(err.text(), 'complaint')
})

test('passes input to a command', async t => {
  const login = await serve(t, channel => {
    channel.pipe(channel, { end: false })
    channel.on('end', () => {
      channel.exit(0)
      channel.end()
    })
  })
  const connection = await open(t, login)
  const [text, stream] = [sink(), sink()]
  t.is(await connection.run('cat', { stdout: text.stream, stderr: sink().stream, stdin: 'words' }), 0)
  t.is(
    await connection.run('cat', { stdout: stream.stream, stderr: sink().stream, stdin: Readable.from(['a', 'b']) }),
    0,
  )
  t.is(text.text(), 'words')
  t.is(stream.text(), 'ab')
})

test('a command that a signal ended has 128 plus its number as exit status', async t => {
  const login = await serve(t, channel => {
    channel.exit('TERM')
    channel.end()
  })
  const connection = await open(t, login)
  t.is(await connection.run('x', { stdout: sink().stream, stderr: sink().stream }), 143)
})

test('aborts a command that a node never starts, and kills it when it starts later', async t => {
  const signals: string[] = []
  const hung: (() => void)[] = []
  const login = await serve(
    t,
    channel => {
      const { session } = channel as unknown as { session: EventEmitter }
      session.on('received-signal', (name: string) => void signals.push(name))
    },
    begin => void hung.push(begin),
  )
  const connection = await open(t, login)
  const giveUp = new AbortController()
  const run = connection.run('x', { stdout: sink().stream, stderr: sink().stream }, giveUp.signal)
  await waitUntil('the command hangs', () => hung.length > 0)
  giveUp.abort(new Error('given up'))
  await t.throwsAsync(run, { message: 'given up' })
  for (const begin of hung) begin()
  await waitUntil('the command gets a signal', () => signals.length > 0)
  t.deepEqual(signals, ['KILL'])
})

test('closes a connection to a node that hangs', async t => {
  const login = await serve(t, channel => channel.end())
  const closed = new Promise<void>(resolve => {
    // A proxy that forwards everything except the end of the stream.
    const front = net.createServer({ allowHalfOpen: true }, socket => {
      const back = net.connect(login.port, login.host)
      socket.on('data', data => back.write(data))
      back.on('data', data => socket.write(data))
      socket.on('error', () => {})
      back.on('error', () => {})
      // Writing to a closed socket is answered by a reset.
      socket.on('end', () => {
        const writing = setInterval(() => socket.write('x'), 100)
        socket.on('close', () => clearInterval(writing))
      })
      socket.on('close', () => {
        back.destroy()
        resolve()
      })
    })
    front.listen(0, '127.0.0.1', async () => {
      const { port } = front.address() as AddressInfo
      const connection = await Connection.open({ ...login, port })
      connection.close()
      t.teardown(() => front.close())
    })
  })
  const late = delay(20_000, 'late', { ref: false })
  t.not(await Promise.race([closed, late]), 'late')
})

test('reports a channel that closes without an exit status', async t => {
  const login = await serve(t, channel => channel.end())
  const connection = await open(t, login)
  await t.throwsAsync(connection.run('x', { stdout: sink().stream, stderr: sink().stream }), {
    code: 'NO_EXIT_CODE',
    message: /vm-001.*'x'/,
  })
})

test('refuses an unexpected host key', async t => {
  const login = await serve(t, channel => channel.end())
  const other = blobOf(makeSshKey().public)
  await t.throwsAsync(Connection.open({ ...login, hostKey: other }), { code: 'HOST_KEY_MISMATCH', message: /vm-001/ })
  const unchecked = await Connection.open({ ...login, hostKey: 'unchecked' })
  unchecked.close()
})

test('reports an invalid private key, and leaves no connection', async t => {
  const server = net.createServer(socket => socket.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const login = { name: 'vm-001', host: '127.0.0.1', port, user: 'root', hostKey: 'unchecked', privateKey: 'none' }
  await t.throwsAsync(Connection.open(login), { code: 'SSH_REFUSED', message: /^vm-001: .*privateKey/ })
  // Closes only when no connection is left.
  server.close()
  await once(server, 'close')
})

test('reports a refused connection, and names the node', async t => {
  const login = await serve(t, channel => channel.end())
  await t.throwsAsync(Connection.open({ ...login, port: 1 }), {
    code: 'SSH_REFUSED',
    message: /^vm-001: .*127\.0\.0\.1:1: .*ECONNREFUSED/,
  })
})

test('a lost connection fails running and later commands', async t => {
  const login = await serve(t, channel => {
    // Closes the whole connection, as when a VM dies.
    ;(channel as unknown as { _client: { _sock: { destroy(): void } } })._client._sock.destroy()
  })
  const connection = await open(t, login)
  const streams = () => ({ stdout: sink().stream, stderr: sink().stream })
  await t.throwsAsync(connection.run('x', streams()), { code: 'NODE_LOST' })
  await t.throwsAsync(connection.run('y', streams()), { code: 'NODE_LOST' })
})

test('reopens a connection that is lost between two commands', async t => {
  let logins = 0
  const login = await serve(t, (channel, command) => {
    const { _client } = channel as unknown as { _client: { _sock: { destroy(): void } } }
    channel.exit(0)
    channel.end()
    logins += command === 'first' ? 1 : 0
    if (command === 'first') channel.once('close', () => _client._sock.destroy())
  })
  const connection = await open(t, login)
  const run = (command: string) => connection.run(command, { stdout: sink().stream, stderr: sink().stream })
  t.is(await run('first'), 0)
  await delay(50)
  // Several commands at once.
  t.deepEqual(await Promise.all([run('second'), run('third')]), [0, 0])
  t.is(logins, 1)
})

test('runs at most four commands at once', async t => {
  let running = 0
  let most = 0
  const login = await serve(t, async channel => {
    most = Math.max(most, ++running)
    await delay(5)
    running -= 1
    channel.exit(0)
    channel.end()
  })
  const connection = await open(t, login)
  const all = Array.from({ length: 40 }, () => connection.run('x', { stdout: sink().stream, stderr: sink().stream }))
  t.deepEqual(new Set(await Promise.all(all)), new Set([0]))
  t.true(most > 1 && most <= 4, `${most} at once`)
})

test('running commands do not share an ssh connection', async t => {
  const running = new Map<unknown, number>()
  let most = 0
  const login = await serve(t, async channel => {
    const { _client } = channel as unknown as { _client: unknown }
    const count = (by: number) => {
      running.set(_client, (running.get(_client) ?? 0) + by)
      most = Math.max(most, running.get(_client) ?? 0)
    }
    count(1)
    await delay(5)
    count(-1)
    channel.exit(0)
    channel.end()
  })
  const connection = await open(t, login)
  await Promise.all(
    Array.from({ length: 20 }, () => connection.run('x', { stdout: sink().stream, stderr: sink().stream })),
  )
  t.is(most, 1)
  t.true(running.size > 1)
})

test('retries a server that closes new connections immediately, and then reports it as full', async t => {
  let refused = 0
  let isFull = true
  const login = await serve(t, channel => channel.end())
  const front = net.createServer(socket => {
    socket.on('error', () => {})
    if (isFull) {
      refused += 1
      socket.destroy()
    } else socket.pipe(net.connect(login.port, login.host)).pipe(socket)
  })
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  t.teardown(() => front.close())
  const { port } = front.address() as AddressInfo
  await t.throwsAsync(Connection.open({ ...login, port }, { readyTimeoutMs: 3000 }), {
    code: 'SSH_FULL',
    message: /^vm-001: cannot log in on 127\.0\.0\.1:\d+: its ssh server closes new connections immediately$/,
  })
  t.true(refused >= 2)
  await t.throwsAsync(Connection.open({ ...login, port }, { once: true }), { code: 'SSH_FULL' })
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('enough')), 100)
  await t.throwsAsync(Connection.open({ ...login, port }, { signal: controller.signal }), { message: 'enough' })
  setTimeout(() => {
    isFull = false
  }, 300)
  const connection = await Connection.open({ ...login, port })
  connection.close()
})

test('an aborted signal kills the command and rejects', async t => {
  const signals: string[] = []
  const login = await serve(t, channel => {
    const { session } = channel as unknown as { session: NodeJS.EventEmitter }
    session.on('received-signal', name => signals.push(name))
  })
  const connection = await open(t, login)
  const controller = new AbortController()
  const running = connection.run('sleep', { stdout: sink().stream, stderr: sink().stream }, controller.signal)
  setImmediate(() => controller.abort(new Error('enough')))
  await t.throwsAsync(running, { message: 'enough' })
})
