import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { captureLine, linesTo } from '../../../scripts/commands/capture/tcpdump.ts'

const options = { interface: 'any' }

test('never passes a filter as an option of tcpdump, on a node or in a POD', t => {
  const node = { name: 'vm-001' }
  const pod = captureLine(node, 'vm-001-ns01', options, '-w/tmp/x')
  t.regex(pod, / -- -w\/tmp\/x$/)
  t.is(pod.split(' -- ').length, 3, 'netns_test ends its own options, too')
  t.regex(captureLine(node, 'vm-001', options, '-w/tmp/x'), /exec tcpdump "\$@" -- "\$filter"/)
})

test('does not buffer packets that arrive faster than they are shown', async t => {
  let show = () => {}
  const shown: string[] = []
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      shown.push(chunk.toString())
      show = done
    },
  })
  const lines = linesTo(output)
  let taken = 0
  const piece = Buffer.from(`${'x'.repeat(1000)}\n`.repeat(60))
  for (let count = 0; count < 20; count++) lines.write(piece, () => (taken += 1))
  await setImmediate()
  t.is(taken, 0, 'nothing more is asked for while the output is full')
  const ended = new Promise<void>(resolve => lines.end(resolve))
  const rest = setInterval(() => show(), 0)
  await ended
  clearInterval(rest)
  t.is(taken, 20)
})
