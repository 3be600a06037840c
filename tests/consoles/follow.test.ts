import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { describeFull } from '../../scripts/consoles/end-of-file.ts'
import { followConsoles, nodesIn, readConsoles } from '../../scripts/consoles/follow.ts'

function consoleFiles(t: ExecutionContext) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-consoles-'))
  const remove = () => fs.rmSync(directory, { recursive: true, force: true })
  t.teardown(remove)
  const nodeOf = (file: string) => (file.endsWith('.console') ? path.parse(file).name : undefined)
  const write = (node: string, text: string | Buffer) =>
    fs.appendFileSync(path.join(directory, `${node}.console`), text)
  return { consoles: { directory, nodeOf }, write, remove }
}

const allNodes = () => true

test('reads consoles line by line, without terminal codes', async t => {
  const { consoles, write } = consoleFiles(t)
  write('vm-002', 'two\r\n')
  write('vm-001', '\x1b[31mred\x1b[0m\r\n\x07one\nlast')
  fs.writeFileSync(path.join(consoles.directory, 'cluster.json'), 'no console\n')
  t.deepEqual(nodesIn(consoles), ['vm-001', 'vm-002'])
  const lines: string[] = []
  await readConsoles(consoles, allNodes, (node, line) => lines.push(`${node} ${line}`))
  t.deepEqual(lines.sort(), ['vm-001 last', 'vm-001 one', 'vm-001 red', 'vm-002 two'])
  t.deepEqual(nodesIn({ ...consoles, directory: '/no/where' }), [])
})

test('follows consoles, also of new VMs, in chunks of any size, until the cluster is gone', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ minLength: 1, maxLength: 9, unit: fc.constantFrom('a', 'å', '\n') })),
      async parts => {
        const { consoles, write, remove } = consoleFiles(t)
        write('vm-001', 'there\n')
        const seen: string[] = []
        let caughtUp = 0
        const text = `${parts.join('')}\nend\n`
        const wanted = (node: string) => node !== 'vm-003'
        const onLine = (node: string, line: string) => {
          seen.push(`${node} ${line}`)
          if (line === 'end') remove()
        }
        const onCaughtUp = () => {
          caughtUp = seen.length
          const bytes = Buffer.from(text)
          write('vm-003', 'not wanted\n')
          // Possibly in the middle of a character.
          for (const middle of [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)])
            write('vm-002', middle)
        }
        await followConsoles(consoles, wanted, onLine, onCaughtUp, new AbortController().signal)
        t.is(caughtUp, 1)
        t.deepEqual(seen, [
          'vm-001 there',
          ...text
            .split('\n')
            .slice(0, -1)
            .map(line => `vm-002 ${line}`),
        ])
      },
    ),
    { numRuns: 30 },
  )
})

test('stops following when the signal is aborted', async t => {
  const { consoles, write } = consoleFiles(t)
  const ended = new AbortController()
  const seen: string[] = []
  const onLine = (_: string, line: string) => {
    seen.push(line)
    ended.abort()
  }
  await followConsoles(consoles, allNodes, onLine, () => write('vm-001', 'one\n'), ended.signal)
  t.deepEqual(seen, ['one'])
})

test('reports once that a console has reached its limit', async t => {
  const { consoles, write } = consoleFiles(t)
  write('vm-001', 'one\ntwo')
  write('vm-002', 'one\n')
  const lines: string[] = []
  await readConsoles({ ...consoles, maxSize: 7 }, allNodes, (node, line) => lines.push(`${node} ${line}`))
  t.deepEqual(lines.sort(), ['vm-001 one', 'vm-001 two', `vm-001 ${describeFull(7)}`, 'vm-002 one'].sort())
})
