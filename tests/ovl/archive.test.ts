import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { crc32, gzipSync } from 'node:zlib'
import test from 'ava'
import { LIMITS, readArchive } from '../../scripts/ovl/archive.ts'
import { tool } from '../needs.ts'
import {
  contentOf,
  failureOf,
  paxHeader,
  type RawMember,
  rawTar,
  temporaryDirectory,
  writeTgz,
} from './fixtures/archives.ts'

const all = (_path: string) => true
const good: RawMember = { name: './bridge', content: 'a plugin' }

test('extracts the wanted files, with or without a leading ./, and their executable bit', async t => {
  const file = writeTgz(temporaryDirectory(t), [
    { name: './', type: '5' },
    good,
    { name: 'README', content: 'x'.repeat(2000), mode: 0o644 },
    { name: './unwanted', content: 'u' },
    { name: 'empty', content: '' },
  ])
  const files = await readArchive(file, name => name !== 'unwanted')
  t.deepEqual(
    files.map(entry => [entry.path, entry.executable, contentOf(entry).length]),
    [
      ['bridge', true, 8],
      ['README', false, 2000],
      ['empty', true, 0],
    ],
  )
  t.is(contentOf(files[0]), 'a plugin')
})

test('joins a file that arrives in many chunks', async t => {
  const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) % 251))
  const file = writeTgz(temporaryDirectory(t), [good, { name: 'large', content }])
  const [, large] = await readArchive(file, all)
  t.true(Buffer.concat(large?.content ?? []).equals(content))
})

test("respects names and sizes of pax headers, and GNU's long names", async t => {
  const long = `bin/${'long'.repeat(40)}`
  const file = writeTgz(temporaryDirectory(t), [
    paxHeader({ path: long }),
    { name: 'short', content: 'by pax' },
    { name: '././@LongLink', type: 'L', content: `${long}2\0` },
    { name: 'short', content: 'by GNU' },
    paxHeader({ size: '3' }),
    { name: 'three', content: 'abc', size: 0 },
  ])
  const files = await readArchive(file, all)
  t.deepEqual(
    files.map(entry => [entry.path, contentOf(entry)]),
    [
      [long, 'by pax'],
      [`${long}2`, 'by GNU'],
      ['three', 'abc'],
    ],
  )
})

for (const pack of [gzipSync, (tar: Buffer) => execFileSync(tool('xz'), { input: tar, maxBuffer: 2 ** 24 })]) {
  test(`names the member in which an archive is truncated: ${pack.name || 'xz'}`, async t => {
    const packed = pack(rawTar([good, { name: 'large', content: randomBytes(3_000_000) }]))
    const file = path.join(temporaryDirectory(t), 'archive')
    fs.writeFileSync(file, packed.subarray(0, 2_500_000))
    const { code, message } = await failureOf(readArchive(file, all))
    t.is(code, 'ARCHIVE_CORRUPT')
    t.regex(message, /archive: in or after member 'large': corrupt: /)
  })
}

for (const [what, member, expected] of [
  ['a symbolic link', { name: 'evil', type: '2', target: '/etc/passwd' }, /'evil'.*SymbolicLink/],
  ['a link inside the archive', { name: 'evil', type: '2', target: 'bridge' }, /'evil'.*SymbolicLink/],
  ['a hard link', { name: 'evil', type: '1', target: 'bridge' }, /'evil'.*a Link/],
  ['a character device', { name: 'evil', type: '3' }, /'evil'.*CharacterDevice/],
  ['a block device', { name: 'evil', type: '4' }, /'evil'.*BlockDevice/],
  ['a fifo', { name: 'evil', type: '6' }, /'evil'.*FIFO/],
  ['a sparse file', { name: 'evil', type: 'S' }, /'evil'/],
  ['an unknown type', { name: 'evil', type: 'Z' }, /'evil'/],
  ['a climbing name', { name: '../evil', content: 'x' }, /'\.\.\/evil'.*leads out/],
  ['a name that climbs in the middle', { name: 'a/../../evil', content: 'x' }, /leads out/],
  ['a climbing directory', { name: '..', type: '5' }, /leads out/],
  ['an absolute name', { name: '/etc/evil', content: 'x' }, /'\/etc\/evil'.*leads out/],
] as const) {
  test(`refuses ${what}, selected or not`, async t => {
    const directory = temporaryDirectory(t)
    for (const [index, members] of [
      [member, good],
      [good, member],
    ].entries()) {
      const file = writeTgz(directory, members, `${index}.tgz`)
      for (const wanted of [all, () => false]) {
        const failure = await failureOf(readArchive(file, wanted))
        t.is(failure.code, 'ARCHIVE_UNSAFE')
        t.is(failure.exitCode, 1)
        t.regex(failure.message, expected)
        t.true(failure.message.startsWith(file))
      }
    }
  })
}

test('refuses a climbing name in a pax header', async t => {
  const file = writeTgz(temporaryDirectory(t), [paxHeader({ path: '../../evil' }), good])
  t.is((await failureOf(readArchive(file, all))).code, 'ARCHIVE_UNSAFE')
})

test('a NUL ends a name, and does not hide a climbing part before it', async t => {
  const directory = temporaryDirectory(t)
  const file = writeTgz(directory, [paxHeader({ path: 'bridge\0/../x' }), { name: 'x', content: 'x' }])
  t.deepEqual(
    (await readArchive(file, all)).map(entry => entry.path),
    ['bridge'],
  )
  const evil = writeTgz(directory, [paxHeader({ path: '../x\0bridge' }), { name: 'x', content: 'x' }])
  t.is((await failureOf(readArchive(evil, all))).code, 'ARCHIVE_UNSAFE')
})

test('refuses a duplicate member', async t => {
  const file = writeTgz(temporaryDirectory(t), [good, { ...good, name: 'bridge' }])
  const failure = await failureOf(readArchive(file, all))
  t.is(failure.code, 'ARCHIVE_CORRUPT')
  t.regex(failure.message, /'bridge'.*duplicate/)
})

test('escapes control characters of names in messages', async t => {
  const file = writeTgz(temporaryDirectory(t), [{ name: '../\u001b[2Jx\nroot: ok' }])
  const { message } = await failureOf(readArchive(file, all))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: asserts their absence
  t.notRegex(message, /[\u0000-\u001f]/)
  t.true(message.includes('\\u{1b}[2Jx\\u{a}root'))
})

for (const [what, tar, expected] of [
  ['nothing', Buffer.alloc(0), /Unrecognized archive format/],
  ['text', Buffer.from('hello '.repeat(1000)), /checksum|Unrecognized/],
  ['no member', rawTar([]), /Unrecognized/],
  ['a member without content', rawTar([{ name: 'x', size: 5000 }], Buffer.alloc(512)), /'x'.*Truncated/],
  [
    'a member without an end-of-archive marker',
    rawTar([good], Buffer.alloc(0)),
    /bridge'.*truncated after this member/,
  ],
  ['a damaged header', Buffer.concat([rawTar([good], Buffer.alloc(0)), Buffer.alloc(512, 1)]), /checksum/],
  ['another gzip file', gzipSync(rawTar([good])), /compressed twice/],
] as const) {
  test(`reports gzip of ${what} as corrupt`, async t => {
    const file = path.join(temporaryDirectory(t), 'archive.tgz')
    fs.writeFileSync(file, gzipSync(tar))
    const failure = await failureOf(readArchive(file, all))
    t.is(failure.code, 'ARCHIVE_CORRUPT')
    t.is(failure.exitCode, 1)
    t.regex(failure.message, expected)
    t.true(failure.message.startsWith(file))
    t.truthy(failure.hint)
  })
}

test('ignores data after the end of the tar, without buffering it', async t => {
  const file = path.join(temporaryDirectory(t), 'archive.tgz')
  fs.writeFileSync(
    file,
    gzipSync(Buffer.concat([rawTar([good]), rawTar([{ name: '../evil' }]), Buffer.alloc(5_000_000)])),
  )
  t.is((await readArchive(file, all)).length, 1)
})

test('limits the unpacked size, the size of members, and their number', async t => {
  const directory = temporaryDirectory(t)
  const limits = { archiveBytes: 100_000, memberBytes: 50_000, extractedBytes: 90_000, members: 3 }
  const refused = async (members: readonly RawMember[], wanted = all) => {
    const failure = await failureOf(readArchive(writeTgz(directory, members), wanted, { limits }))
    t.is(failure.code, 'ARCHIVE_TOO_LARGE')
    t.is(failure.exitCode, 1)
    return failure.message
  }
  const zeros = (bytes: number) => Buffer.alloc(bytes)
  t.regex(await refused([{ name: 'x', content: zeros(50_001) }]), /'x'/)
  await refused([good, { name: 'x', content: zeros(100_000) }], name => name === 'bridge')
  await refused(['1', '2', '3', '4'].map(name => ({ name })))
  // Duplicate directories count.
  await refused(['1', '1', '1', '1'].map(name => ({ name, type: '5' })))
  t.regex(await refused(['1', '2', '3'].map(name => ({ name, content: zeros(30_001) }))), /'3'/)
  // A claimed size is refused before its data arrive.
  await refused([{ name: 'x', size: 0o77777777777 }])
  await refused([paxHeader({ size: '9000000000000' }), { name: 'x' }])
  const most = [{ name: 'x', content: zeros(50_000) }, { name: 'y', content: zeros(40_000) }, { name: 'z' }]
  t.is((await readArchive(writeTgz(directory, most), all, { limits })).length, 3)
})

for (const [what, header] of [
  ['pax headers', paxHeader({ path: 'x'.repeat(400) })],
  ['empty headers', { name: 'x', type: 'x' }],
  ['directories', { name: 'x', type: '5' }],
] as const) {
  test(`refuses tens of thousands of ${what}, which take seconds to read`, async t => {
    const one = rawTar([header], Buffer.alloc(0))
    const file = path.join(temporaryDirectory(t), 'archive.tgz')
    fs.writeFileSync(file, gzipSync(Buffer.concat([Buffer.alloc(80_000 * one.length, one), rawTar([good])])))
    t.is((await failureOf(readArchive(file, all))).code, 'ARCHIVE_TOO_LARGE')
  })
}

test('a small file does not keep the data around it in memory', async t => {
  const filler = { name: 'other/filler', content: Buffer.alloc(2 ** 20) }
  const members = ['1', '2', '3', '4'].flatMap(name => [{ name, content: name }, filler]).slice(0, -1)
  const file = writeTgz(
    temporaryDirectory(t),
    members.map((member, index) => (member === filler ? { ...filler, name: `other/${index}` } : member)),
  )
  const files = await readArchive(file, name => !name.includes('/'))
  t.deepEqual(files.map(contentOf), ['1', '2', '3', '4'])
  for (const { content } of files) for (const chunk of content) t.true(chunk.buffer.byteLength <= 64 * 1024)
})

for (const version of ['0.0', '0.1', '1.0']) {
  test(`refuses a sparse file in GNU tar's format ${version} by name, with a hint`, async t => {
    const directory = temporaryDirectory(t)
    const file = path.join(directory, 'bridge')
    fs.writeFileSync(file, 'beginning')
    fs.truncateSync(file, 2 ** 20)
    fs.appendFileSync(file, 'end')
    const archive = path.join(directory, 'archive.tgz')
    const options = ['--format=pax', '--sparse', '--hole-detection=raw', `--sparse-version=${version}`]
    execFileSync('tar', [...options, '-C', directory, '-czf', archive, 'bridge'])
    const failure = await failureOf(readArchive(archive, all))
    t.is(failure.code, 'ARCHIVE_UNSAFE')
    t.is(failure.exitCode, 1)
    t.regex(failure.message, /archive\.tgz: member '.*bridge': refused: it is a sparse file/)
    t.regex(failure.hint ?? '', /--format=ustar/)
  })
}

test('reports an xz file that needs too much memory as too large, not as corrupt', async t => {
  // With several threads, xz 5.4 and later write sizes before the filter.
  const packed = execFileSync('xz', ['--threads=1'], { input: rawTar([good]) })
  // The .xz file format, 3.1: the block header follows the stream header of 12 bytes; its fifth byte is the filter's
  // dictionary size, 40 for 4 GiB.
  const header = packed.subarray(12, 12 + ((packed[12] ?? 0) + 1) * 4)
  header[4] = 40
  header.writeUInt32LE(crc32(header.subarray(0, -4)), header.length - 4)
  const file = path.join(temporaryDirectory(t), 'archive.tar.xz')
  fs.writeFileSync(file, packed)
  const failure = await failureOf(readArchive(file, all))
  t.is(failure.code, 'ARCHIVE_TOO_LARGE')
  t.regex(failure.message, /archive\.tar\.xz: .*256 MiB of memory/)
})

test('limits zeros after the end of the tar', async t => {
  const file = path.join(temporaryDirectory(t), 'archive.tgz')
  fs.writeFileSync(file, gzipSync(Buffer.concat([rawTar([good]), Buffer.alloc(20_000_000)])))
  const limits = { ...LIMITS, archiveBytes: 10_000_000 }
  t.is((await failureOf(readArchive(file, all, { limits }))).code, 'ARCHIVE_TOO_LARGE')
})

test('rejects with the reason of an aborted signal', async t => {
  const file = writeTgz(temporaryDirectory(t), [good])
  const reason = new Error('enough')
  await t.throwsAsync(readArchive(file, all, { signal: AbortSignal.abort(reason) }), { is: reason })
})
