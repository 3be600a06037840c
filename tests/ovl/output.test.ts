import fs from 'node:fs'
import path from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { archiveBlocks } from '../../scripts/ovl/archive-stream.ts'
import { program } from '../../scripts/ovl/member.ts'
import { writeArchive, writeStream } from '../../scripts/ovl/output.ts'
import { failureOf, temporaryDirectory } from './fixtures/archives.ts'

const time = new Date(0)
const members = [program('bin', [Buffer.alloc(3000, 1), Buffer.alloc(70_000, 2)])]
const blocks = () => archiveBlocks(members, time)
const expected = Buffer.concat([...blocks()])

/** Returns the failure of writing an archive, and asserts that no temporary file is left. */
async function fails(t: ExecutionContext, directory: string, file: string, signal?: AbortSignal) {
  const before = fs.readdirSync(directory)
  const failure = await failureOf(writeArchive(blocks, file, signal))
  t.deepEqual(fs.readdirSync(directory), before)
  return failure
}

test('creates a file, or replaces it atomically', async t => {
  const directory = temporaryDirectory(t)
  const file = path.join(directory, 'o.tar')
  await writeArchive(blocks, file)
  t.true(fs.readFileSync(file).equals(expected))
  const reader = fs.openSync(file, 'r')
  t.teardown(() => fs.closeSync(reader))
  fs.writeFileSync(file, 'old content')
  await writeArchive(blocks, file)
  t.true(fs.readFileSync(file).equals(expected))
  t.is(fs.readFileSync(reader, 'utf8'), 'old content', 'an open descriptor still reads the old content')
  t.deepEqual(fs.readdirSync(directory), ['o.tar'])
})

test('follows links, even to a file that does not exist', async t => {
  const directory = temporaryDirectory(t)
  fs.mkdirSync(path.join(directory, 'sub'))
  const [link, other, real] = ['link', 'sub/other', 'real.tar'].map(name => path.join(directory, name)) as [
    string,
    string,
    string,
  ]
  fs.symlinkSync('sub/other', link)
  fs.symlinkSync('../real.tar', other)
  for (const before of [undefined, 'old content']) {
    if (before) fs.writeFileSync(real, before)
    await writeArchive(blocks, link)
    t.true(fs.readFileSync(real).equals(expected))
    t.true(fs.lstatSync(link).isSymbolicLink())
    t.true(fs.lstatSync(other).isSymbolicLink())
  }
})

test('reports a loop of links, a missing directory, a file as directory, and a name that is too long', async t => {
  const directory = temporaryDirectory(t)
  const at = (name: string) => path.join(directory, name)
  fs.symlinkSync('b', at('a'))
  fs.symlinkSync('a', at('b'))
  fs.writeFileSync(at('file'), '')
  for (const [file, message] of [
    [at('a'), /links form a loop/],
    [at('missing/o.tar'), /no such file or directory/],
    [at('file/o.tar'), /is not a directory/],
    [at('x'.repeat(300)), /too long/],
  ] as const) {
    const failure = await fails(t, directory, file)
    t.is(failure.code, 'OUTPUT_FAILED')
    t.is(failure.exitCode, 3)
    t.true(failure.message.includes(file))
    t.regex(failure.message, message)
  }
})

test('reports a directory or an empty name as wrong usage', async t => {
  const directory = temporaryDirectory(t)
  for (const file of [directory, path.join(directory, 'new/'), '']) {
    const failure = await fails(t, directory, file)
    t.is(failure.code, 'BAD_OUTPUT')
    t.is(failure.exitCode, 2)
  }
})

test('writes to a device, and reports its errors', async t => {
  await writeArchive(blocks, '/dev/null')
  t.true(fs.statSync('/dev/null').isCharacterDevice())
  const failure = await failureOf(writeArchive(blocks, '/dev/full'))
  t.is(failure.code, 'OUTPUT_FAILED')
  t.regex(failure.message, /\/dev\/full: no space left/)
})

test('leaves the file unchanged when packing fails', async t => {
  const directory = temporaryDirectory(t)
  const file = path.join(directory, 'o.tar')
  fs.writeFileSync(file, 'old content')
  const bad = [...members, program('n'.repeat(300), [])]
  t.is((await failureOf(writeArchive(() => archiveBlocks(bad, time), file))).code, 'NAME_TOO_LONG')
  t.is(fs.readFileSync(file, 'utf8'), 'old content')
  t.deepEqual(fs.readdirSync(directory), ['o.tar'])
})

test('leaves the file unchanged, and no temporary file, when it is aborted', async t => {
  const directory = temporaryDirectory(t)
  const file = path.join(directory, 'o.tar')
  fs.writeFileSync(file, 'old content')
  const controller = new AbortController()
  const reason = new Error('enough')
  const work = writeArchive(blocks, file, controller.signal)
  t.is(fs.readdirSync(directory).length, 2, 'there is a temporary file')
  controller.abort(reason)
  await t.throwsAsync(work, { is: reason })
  t.deepEqual(fs.readdirSync(directory), ['o.tar'])
  t.is(fs.readFileSync(file, 'utf8'), 'old content')
})

test('verifies the written file before it replaces the old one', async t => {
  const directory = temporaryDirectory(t)
  const file = path.join(directory, 'o.tar')
  fs.writeFileSync(file, 'old content')
  const work = writeArchive(blocks, file)
  const temporary = fs.readdirSync(directory).find(name => name !== 'o.tar') ?? ''
  // Simulates a disk that loses a byte.
  const handle = fs.openSync(path.join(directory, temporary), 'r+')
  fs.writeSync(handle, 'X', 0)
  fs.closeSync(handle)
  const failure = await failureOf(work)
  t.is(failure.code, 'BAD_ARCHIVE')
  t.is(failure.exitCode, 4)
  t.is(fs.readFileSync(file, 'utf8'), 'old content')
  t.deepEqual(fs.readdirSync(directory), ['o.tar'])
})

test('writes the archive to a stream, and reports its errors', async t => {
  const stream = new PassThrough()
  const [chunks] = await Promise.all([stream.toArray(), writeStream(blocks, stream, 'it')])
  t.true(Buffer.concat(chunks).equals(expected))
  const broken = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  })
  const failure = await failureOf(writeStream(blocks, broken, 'standard output'))
  t.is(failure.message, 'cannot write standard output: its reader has closed it')
  t.is(failure.exitCode, 3)
})
