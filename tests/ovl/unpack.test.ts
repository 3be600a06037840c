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
  const pieces: Buffer[] = []
  await unpack(file, piece => pieces.push(piece))
  return Buffer.concat(pieces)
}

for (const [kind, data] of Object.entries(packed)) {
  test(`${kind}: what was packed comes out`, async t => {
    t.true((await unpacked(write(temporaryDirectory(t), data))).equals(content))
  })

  test(`${kind}: cut off anywhere it is corrupt`, async t => {
    const directory = temporaryDirectory(t)
    for (const length of [2, 6, 7, 12, 13, 1000, data.length >> 1, data.length - 9, data.length - 1]) {
      const failure = await failureOf(unpacked(write(directory, data.subarray(0, length))))
      t.is(failure.code, 'ARCHIVE_CORRUPT', `after ${length} bytes`)
      t.is(failure.exitCode, 1)
    }
  })

  test(`${kind}: an altered byte in the data, the check sum or the size is noticed`, async t => {
    const directory = temporaryDirectory(t)
    for (const position of [data.length >> 1, data.length - 2, data.length - 6]) {
      const altered = Buffer.from(data)
      altered.writeUInt8((altered.readUInt8(position) + 1) % 256, position)
      const failure = await failureOf(unpacked(write(directory, altered)))
      t.is(failure.code, 'ARCHIVE_CORRUPT', `at ${position}`)
    }
  })

  test(`${kind}: something behind its end is corrupt`, async t => {
    const file = write(temporaryDirectory(t), Buffer.concat([data, Buffer.from('garbage!')]))
    t.is((await failureOf(unpacked(file))).code, 'ARCHIVE_CORRUPT')
  })

  test(`${kind}: what the sink throws comes out, and nothing goes on`, async t => {
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

test('what is neither is told apart: an empty file, a text, a plain tar', async t => {
  const directory = temporaryDirectory(t)
  t.regex((await failureOf(unpacked(write(directory, Buffer.alloc(0))))).message, /empty/)
  t.regex((await failureOf(unpacked(write(directory, Buffer.from('x'))))).message, /neither gzip nor xz/)
  t.regex((await failureOf(unpacked(write(directory, Buffer.from('BZh91AY&SY'))))).message, /neither gzip nor xz/)
})

test('what is no file is not waited for', async t => {
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

test.serial('without xz it says what to install', async t => {
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
