import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import test from 'ava'

const MIB = 2 ** 20
/** The limit of the runner's memory under any flood; an idle reader takes 90 MiB. */
const MAX_PEAK_MIB = 300

/** Writes a flood into a reader of tests/fuzz/flooded.ts until it has read everything, or stops reading. */
async function flood(reader: string, parts: Iterable<string>): Promise<{ outcome: string; peakMib: number }> {
  const program = path.join(import.meta.dirname, 'flooded.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', program, reader], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.on('error', () => {}) // the reader has ended
  const ended = once(child, 'close')
  let output = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  for (const part of parts) {
    if (child.stdin.write(part)) continue
    await Promise.race([new Promise(resolve => child.stdin.once('drain', resolve)), ended])
    if (child.exitCode !== null) break
  }
  child.stdin.end()
  await ended
  return JSON.parse(output)
}

function* repeated(first: string, part: string, bytes: number, last = '') {
  yield first
  for (let sent = 0; sent < bytes; sent += part.length) yield part
  yield last
}

test('bounds the memory for 600 MB without a line end on a control port', async t => {
  const { outcome, peakMib } = await flood('control', repeated('', 'x'.repeat(MIB), 600e6))
  t.regex(outcome, /more than 64 KiB on its control port/)
  t.log(`${Math.round(peakMib)} MiB`)
  t.true(peakMib < MAX_PEAK_MIB, `${peakMib} MiB`)
})

test('bounds the memory for 400 MB of lines on the control port of a VM that is up', async t => {
  const { outcome, peakMib } = await flood('control', repeated('up\n', 'failed no\n'.repeat(MIB / 10), 400e6))
  t.is(outcome, 'up')
  t.log(`${Math.round(peakMib)} MiB`)
  t.true(peakMib < MAX_PEAK_MIB, `${peakMib} MiB`)
})

test('bounds the memory for 400 MB from a world of namespaces, and keeps what it reported', async t => {
  function* lines() {
    yield 'up vm-001 first\n'
    // Different events of different nodes, repeated ones, and lines without an end.
    const text = 'x'.repeat(200)
    for (let number = 0, sent = 0; sent < 400e6; sent += 1.5 * MIB) {
      const some = Array.from(
        { length: 2500 },
        () => `x${number++} vm-001\nup vm-${number} ${text}\nup vm-001 ${text}\n`,
      )
      yield some.join('').padEnd(1.5 * MIB, '\n')
    }
    yield `${'x'.repeat(MIB)}\nended vm-001 exited with 0\n`
  }
  const { outcome, peakMib } = await flood('world', lines())
  t.is(outcome, 'first')
  t.log(`${Math.round(peakMib)} MiB`)
  t.true(peakMib < MAX_PEAK_MIB, `${peakMib} MiB`)
})

test('drops events of unknown kinds and nodes', async t => {
  const { outcome } = await flood('world', ['up vm-002 no\nboom vm-001\nup vm-001 \u001b[2Jyes\nended vm-001\n'])
  t.is(outcome, 'yes')
})
