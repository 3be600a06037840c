import { once } from 'node:events'
import type { Readable } from 'node:stream'
import test from 'ava'
import { askNodes, type Task } from '../../../../scripts/runner/artifacts/evidence/ask.ts'
import type { CommandStreams } from '../../../../scripts/ssh/command.ts'
import type { Node } from '../../../../scripts/ssh/node.ts'
import { archiveOf, nodeOf } from './node.ts'

const namesOf = (...paths: string[]) => archiveOf(Object.fromEntries(paths.map(path => [path, `in ${path}`])))

/** Imitates `netns_test evidence --capture`, and records times. */
const capturing =
  (name: string, diary: string[]) =>
  async ({ stdin, stdout, stderr }: CommandStreams): Promise<number> => {
    const input = stdin as Readable
    input.setEncoding('utf8')
    const told = async (word: string) => {
      let text = ''
      while (!text.includes(`${word}\n`)) {
        const more = input.read()
        if (more === null) await once(input, 'readable')
        else text += more
      }
      return text
    }
    diary.push(`${name} gets ${JSON.stringify(await told('end'))}`)
    stderr.write('ready\n')
    await told('go')
    diary.push(`${name} pings`)
    stderr.write('pinged\n')
    await told('stop')
    diary.push(`${name} stops`)
    stdout.write(namesOf(`${name}/routes.txt`, `${name}/capture.pcap`))
    return 0
  }

const task = (node: Node, pings: Task['pings'] = []): Task => ({ node, pods: new Set([`${node.name}-ns01`]), pings })
const ping = [{ pod: 'vm-001-ns01', address: '10.0.0.2' }]
const signal = () => new AbortController().signal

test('starts pinging after all capture, and stops capturing after all have pinged', async t => {
  const diary: string[] = []
  const nodes = ['vm-001', 'vm-002'].map(name => nodeOf(name, capturing(name, diary)))
  const shown = await askNodes(
    nodes.map((node, index) => task(node, index === 0 ? ping : [])),
    signal(),
  )
  t.deepEqual(
    shown.map(({ files }) => files.map(({ path }) => path)),
    [
      ['vm-001/routes.txt', 'vm-001/capture.pcap'],
      ['vm-002/routes.txt', 'vm-002/capture.pcap'],
    ],
  )
  const kinds = diary.map(line => line.split(' ')[1])
  t.deepEqual(kinds, ['gets', 'gets', 'pings', 'pings', 'stops', 'stops'])
  t.true(diary.some(line => line.includes('"pod vm-001-ns01\\nping vm-001-ns01 10.0.0.2\\nend\\n"')))
})

test('reports a lost node, without delaying the others', async t => {
  const begun = performance.now()
  const lost = nodeOf('vm-001', async () => {
    throw new Error('vm-001 was lost')
  })
  const lacking = nodeOf('vm-002', async ({ stderr }) => {
    stderr.write("netns_test: unknown command 'evidence'\n")
    return 2
  })
  const well = nodeOf('vm-003', capturing('vm-003', []))
  const shown = await askNodes([task(lost, ping), task(lacking), task(well)], signal())
  t.deepEqual(
    shown.map(({ failure }) => failure),
    ['vm-001 was lost', "netns_test: unknown command 'evidence'", undefined],
  )
  t.is(shown[2]?.files.length, 2)
  t.true(performance.now() - begun < 5000)
})

test('does not capture without pings', async t => {
  const commands: string[] = []
  const node = nodeOf('vm-001', async ({ stdout }, command) => {
    commands.push(command)
    stdout.write(namesOf('vm-001/fdb.txt'))
    return 0
  })
  const [shown] = await askNodes([task(node)], signal())
  t.deepEqual(commands, ['netns_test evidence'])
  t.is(String(shown?.files[0]?.content[0]), 'in vm-001/fdb.txt')
})

test('skips unexpected file names, refuses paths that lead out of the archive, and invalid archives', async t => {
  const answering = (bytes: Buffer) =>
    nodeOf('vm-001', async ({ stdout }) => {
      stdout.write(bytes)
      return 0
    })
  const of = async (bytes: Buffer) => (await askNodes([task(answering(bytes))], signal()))[0]
  t.deepEqual((await of(namesOf('vm-001/x.sh', 'x.txt', 'a/b/c.txt', '.ssh/x.txt')))?.files, [])
  t.regex((await of(namesOf('../vm-001/x.txt')))?.failure ?? '', /leads out of the archive/)
  t.regex((await of(Buffer.from('no archive'.repeat(100))))?.failure ?? '', /corrupt/)
})

test('stops when interrupted', async t => {
  const controller = new AbortController()
  const node = nodeOf('vm-001', async () => {
    controller.abort(new Error('interrupted'))
    throw controller.signal.reason
  })
  await t.throwsAsync(askNodes([task(node, ping)], controller.signal), { message: 'interrupted' })
})
