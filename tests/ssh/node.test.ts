import test from 'ava'
import { Failure } from '../../scripts/errors/failure.ts'
import { capture, runLines } from '../../scripts/ssh/node.ts'
import { nodeOf } from '../runner/artifacts/evidence/node.ts'

const MIB = 2 ** 20

/** A node that writes a number of MiB, unless it is aborted. */
const flooding = (name: string, mebibytes: number, text: string) =>
  nodeOf(name, async ({ stdout }, _command, signal) => {
    const chunk = Buffer.from(text.repeat(MIB / text.length))
    for (let written = 0; written < mebibytes; written++) {
      signal?.throwIfAborted()
      stdout.write(chunk)
      await new Promise(setImmediate)
    }
    return 0
  })

test('kills a command whose answer is too long, and names node and command', async t => {
  const endless = flooding('vm-002', Number.POSITIVE_INFINITY, '{"a":1} ')
  const error = await t.throwsAsync(capture(endless, ['netns_test', 'status', '--json']), { instanceOf: Failure })
  t.like(error, { code: 'ANSWER_TOO_LONG', exitCode: 4 })
  t.regex(error?.message ?? '', /^vm-002: 'netns_test status' wrote more than 24 MiB/)
  t.is((await capture(flooding('vm-002', 20, 'abcdefgh'), ['x'])).stdout.length, 20 * MIB)
})

test('nodes that flood at once share one limit, which is released afterwards', async t => {
  const floods = await Promise.allSettled(
    Array.from({ length: 20 }, (_, number) => capture(flooding(`vm-${number}`, 20, 'abcdefgh'), ['x'])),
  )
  const passed = floods.filter(({ status }) => status === 'fulfilled').length
  t.true(passed <= 3, `${passed}`)
  t.is((await capture(flooding('vm-002', 20, 'abcdefgh'), ['x'])).stdout.length, 20 * MIB)
})

test('passes on the first 64 MiB of output, and reports that the rest was dropped', async t => {
  let [length, last] = [0, '']
  const text = `${'x'.repeat(63)}\n`
  const exitCode = await runLines(flooding('vm-002', 80, text), ['x'], (_, line) => {
    length += line.length + 1
    last = line
  })
  t.is(exitCode, 0)
  t.is(last, 'vm-002: output above 64 MiB was dropped')
  t.is(length, 64 * MIB + last.length + 1)
})
