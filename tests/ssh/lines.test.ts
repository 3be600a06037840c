import { finished } from 'node:stream/promises'
import test from 'ava'
import fc from 'fast-check'
import { lineSplitter } from '../../scripts/ssh/lines.ts'

async function split(chunks: readonly Buffer[]): Promise<string[]> {
  const lines: string[] = []
  const splitter = lineSplitter(line => lines.push(line))
  for (const chunk of chunks) splitter.write(chunk)
  await finished(splitter.end())
  return lines
}

test('lines do not depend on the boundaries of chunks', async t => {
  const text = fc.array(fc.string({ unit: 'grapheme' }).map(line => line.replace(/[\r\n]/g, '')))
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(40)), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map(line => `${line}\n`).join(''))
      const chunks: Buffer[] = []
      let from = 0
      for (const cut of cuts) {
        chunks.push(bytes.subarray(from, from + cut))
        from = Math.min(bytes.length, from + cut)
      }
      chunks.push(bytes.subarray(from))
      t.deepEqual(await split(chunks), lines)
    }),
  )
})

test('reports a last line without a newline, unless it is empty', async t => {
  t.deepEqual(await split([Buffer.from('a\r\nb')]), ['a', 'b'])
  t.deepEqual(await split([Buffer.from('a\n')]), ['a'])
  t.deepEqual(await split([]), [])
})

test('replaces invalid UTF-8, and splits a long line', async t => {
  t.deepEqual(await split([Buffer.from([0x61, 0xff, 0x0a])]), ['a\ufffd'])
  const lines = await split([Buffer.alloc(200_000, 'x')])
  t.is(lines.join('').length, 200_000)
  t.true(lines.every(line => line.length <= 65_536))
})
