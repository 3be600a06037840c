import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import test from 'ava'
import { unpack } from '../../scripts/ovl/unpack.ts'
import { tool } from '../needs.ts'
import { failureOf, temporaryDirectory } from './fixtures/archives.ts'

const content = randomBytes(300_000)
const xz = (input: Buffer) => execFileSync(tool('xz'), ['--stdout', '--check=crc32'], { input, maxBuffer: 2 ** 24 })
const packed = { gzip: gzipSync(content), xz: xz(content) }

function write(directory: string, data: Buffer): string {
  const file = path.join(directory, 'archive')
  fs.writeFileSync(file, data)
  return file
}

async function unpacked(file: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  await unpack(file, chunk => chunks.push(chunk))
  return Buffer.concat(chunks)
}

for (const [kind, data] of Object.entries(packed)) {
  test(`${kind}: unpacks the original content`, async t => {
    t.true((await unpacked(write(temporaryDirectory(t), data))).equals(content))
  })

  test(`${kind}: reports a file that is truncated anywhere as corrupt`, async t => {
    const directory = temporaryDirectory(t)
    for (const length of [2, 6, 7, 12, 13, 1000, data.length >> 1, data.length - 9, data.length - 1]) {
      const failure = await failureOf(unpacked(write(directory, data.subarray(0, length))))
      t.is(failure.code, 'ARCHIVE_CORRUPT', `after ${length} bytes`)
      t.is(failure.exitCode, 1)
    }
  })

  test(`${kind}: detects a changed byte in the data, the checksum or the size`, async t => {
    const directory = temporaryDirectory(t)
    for (const position of [data.length >> 1, data.length - 2, data.length - 6]) {
      const altered = Buffer.from(data)
      altered.writeUInt8((altered.readUInt8(position) + 1) % 256, position)
      const failure = await failureOf(unpacked(write(directory, altered)))
      t.is(failure.code, 'ARCHIVE_CORRUPT', `at ${position}`)
    }
  })

  test(`${kind}: reports trailing data as corrupt`, async t => {
    const file = write(temporaryDirectory(t), Buffer.concat([data, Buffer.from('garbage!')]))
    t.is((await failureOf(unpacked(file))).code, 'ARCHIVE_CORRUPT')
  })

  test(`${kind}: stops and rejects when the sink throws`, async t => {
    const file = write(temporaryDirectory(t), data)
    let calls = 0
    const enough = new Error('enough')
    const failure = await t.throwsAsync(
      unpack(file, () => {
        calls += 1
        throw enough
      }),
    )
    t.is(failure.cause ?? failure, enough)
    t.is(calls, 1)
  })
}

test('reports an empty file, and formats other than gzip and xz', async t => {
  const directory = temporaryDirectory(t)
  t.regex((await failureOf(unpacked(write(directory, Buffer.alloc(0))))).message, /empty/)
  t.regex((await failureOf(unpacked(write(directory, Buffer.from('x'))))).message, /neither gzip nor xz/)
  t.regex((await failureOf(unpacked(write(directory, Buffer.from('BZh91AY&SY'))))).message, /neither gzip nor xz/)
})

test('does not wait for a file that is not regular', async t => {
  const directory = temporaryDirectory(t)
  const pipe = path.join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  for (const place of [pipe, directory, path.join(directory, 'missing'), '/dev/zero']) {
    const failure = await failureOf(unpacked(place))
    t.is(failure.code, 'ARCHIVE_UNREADABLE')
    t.is(failure.exitCode, 3)
    t.true(failure.message.includes(place))
  }
})

test.serial('without xz, says what to install', async t => {
  const file = write(temporaryDirectory(t), packed.xz)
  const before = process.env.PATH
  t.teardown(() => {
    process.env.PATH = before
  })
  process.env.PATH = '/nonexistent'
  const failure = await failureOf(unpacked(file))
  t.is(failure.code, 'NO_XZ')
  t.is(failure.exitCode, 3)
  t.regex(failure.hint ?? '', /xz-utils/)
})
