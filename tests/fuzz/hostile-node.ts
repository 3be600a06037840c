import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import ssh2, { type ServerChannel } from 'ssh2'
import { makeSshKey } from '../../scripts/cluster/own/keys.ts'
import { Connection } from '../../scripts/ssh/connection.ts'
import type { Node } from '../../scripts/ssh/node.ts'
import { rawTar } from '../ovl/fixtures/archives.ts'
import { mutate } from './mutations.ts'
import type { Random } from './random.ts'

/** A node whose ssh server responds to commands as a test determines. */
export interface HostileNode {
  readonly node: Node
  /** Handles the next commands. */
  answer: (channel: ServerChannel, command: string) => void
  close(): void
}

export async function startHostileNode(): Promise<HostileNode> {
  const key = makeSshKey()
  const own: Pick<HostileNode, 'answer'> = { answer: channel => channel.close() }
  const clients = new Set<ssh2.Connection>()
  const server = new ssh2.Server({ hostKeys: [key.private] }, client => {
    clients.add(client)
    client.on('error', () => {})
    client.on('authentication', context => context.accept())
    client.on('session', accept => {
      const session = accept()
      session.on('signal', accepted => accepted?.())
      session.on('exec', (accepted, _rejected, { command }) => {
        const channel = accepted()
        channel.on('error', () => {})
        channel.resume()
        own.answer(channel, command)
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const hostKey = key.public.split(' ')[1] ?? ''
  const connection = await Connection.open({ name: 'vm-001', host: '127.0.0.1', port, user: 'root', hostKey })
  return {
    node: { name: 'vm-001', number: 1, role: 'worker', connection },
    set answer(answer: HostileNode['answer']) {
      own.answer = answer
    },
    close: () => {
      connection.close()
      for (const client of clients) client.end()
      server.close()
    },
  }
}

const STATUS = JSON.stringify({
  node: 'vm-001',
  interfaces: [{ ifname: 'eth0', ifindex: 1, flags: ['UP'], addr_info: [] }],
  routes: [],
  pods: ['vm-001-ns01', 'vm-001-ns02'].map((name, index) => ({
    name,
    interfaces: [
      {
        ifname: 'eth0',
        ifindex: 2,
        flags: ['UP'],
        operstate: 'UP',
        address: `00:00:00:00:00:0${index}`,
        addr_info: [{ family: 'inet', local: `172.16.1.${index + 1}`, prefixlen: 24, scope: 'global' }],
      },
    ],
    routes: [],
  })),
})

const WORDS = [
  STATUS,
  '{}',
  'null',
  '[',
  '['.repeat(100_000),
  '{"node":"vm-002","interfaces":{},"pods":[{}]}',
  'ready\n',
  'up\n',
  'failed \u001b[2J\u202ereason\n',
  'pinged\n',
  'file 644 3\n',
  'file 0$(id) 3\n',
  'directory 755 4096\n',
  '/tmp/netns-fuzz-evil\n',
  '3\n./good.json:{}\n./../evil.json:x\n/tmp/evil.json:x\n',
  'vm-001-ns01 172.16.1.2 : 0.1 0.2\n',
  '172.16.1.2 : xmt/rcv/%loss = 1/9/-800%, min/avg/max = NaN/-1/1e999\n',
  'FAILED: \u001b]0;title\u0007vm-009-ns99\n',
  'TEST CASE: none\n',
  '\u0000',
  '\ufeff',
  '\r\n\r\n',
  'x'.repeat(200_000),
]

/** Random data that a hostile node may send. */
export function payload(random: Random): Buffer {
  const parts = Array.from({ length: 1 + random.below(4) }, () => {
    switch (random.below(5)) {
      case 0:
        return random.bytes(random.below(600))
      case 1: {
        const text = Buffer.from(STATUS)
        for (let times = random.below(6); times > 0; times--) text[random.below(text.length)] = random.below(256)
        return text
      }
      case 2: {
        const tar = rawTar([
          { name: './', type: '5' },
          { name: './file', content: 'x' },
        ])
        return mutate(tar, [tar], random)
      }
      default:
        return Buffer.from(random.pick(WORDS))
    }
  })
  return Buffer.concat(parts)
}

/** Responds to a command with random output on both streams and a random end. */
export function answerAtRandom(random: Random): HostileNode['answer'] {
  return channel => {
    if (random.below(4) > 0) channel.write(payload(random))
    if (random.below(3) === 0) channel.stderr.write(payload(random))
    const end = random.below(12)
    if (end === 0) return channel.close()
    if (end === 1) channel.exit('KILL')
    else channel.exit(random.pick([0, 0, 0, 1, 2, 127, 255]))
    // Commands always end: only the user could interrupt one that does not.
    channel.end()
  }
}
