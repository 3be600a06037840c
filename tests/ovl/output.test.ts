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
const wanted = Buffer.concat([...blocks()])

/** What the names in a directory are once a piece of work in it has failed: a temporary file would be among them. */
async function fails(t: ExecutionContext, directory: string, file: string, signal?: AbortSignal) {
  const before = fs.readdirSync(directory)
  const failure = await failureOf(writeArchive(blocks, file, signal))
  t.deepEqual(fs.readdirSync(directory), before)
  return failure
}

test('a file is made, or replaced as a whole', async t => {
  const directory = temporaryDirectory(t)
  const file = path.join(directory, 'o.tar')
  await writeArchive(blocks, file)
  t.true(fs.readFileSync(file).equals(wanted))
  const reader = fs.openSync(file, 'r')
  t.teardown(() => fs.closeSync(reader))
  fs.writeFileSync(file, 'as it was')
  await writeArchive(blocks, file)
  t.true(fs.readFileSync(file).equals(wanted))
  t.is(fs.readFileSync(reader, 'utf8'), 'as it was', 'who has it open keeps what was there')
  t.deepEqual(fs.readdirSync(directory), ['o.tar'])
})

test('links are followed, even where nothing is yet', async t => {
  const directory = temporaryDirectory(t)
  fs.mkdirSync(path.join(directory, 'sub'))
  const [link, other, real] = ['link', 'sub/other', 'real.tar'].map(name => path.join(directory, name)) as [
    string,
    string,
    string,
  ]
  fs.symlinkSync('sub/other', link)
  fs.symlinkSync('../real.tar', other)
  for (const before of [undefined, 'as it was']) {
    if (before) fs.writeFileSync(real, before)
    await writeArchive(blocks, link)
    t.true(fs.readFileSync(real).equals(wanted))
    t.true(fs.lstatSync(link).isSymbolicLink())
    t.true(fs.lstatSync(other).isSymbolicLink())
  }
})

test('a circle of links, a missing directory, a file for a directory, a name that is too long: refused, exit 3', async t => {
  const directory = temporaryDirectory(t)
  const at = (name: string) => path.join(directory, name)
  fs.symlinkSync('b', at('a'))
  fs.symlinkSync('a', at('b'))
  fs.writeFileSync(at('file'), '')
  for (const [file, says] of [
    [at('a'), /circle/],
    [at('missing/o.tar'), /no such file or directory/],
    [at('file/o.tar'), /no directory/],
    [at('x'.repeat(300)), /too long/],
  ] as const) {
    const failure = await fails(t, directory, file)
    t.is(failure.code, 'OUTPUT_FAILED')
    t.is(failure.exitCode, 3)
    t.true(failure.message.includes(file))
    t.regex(failure.message, says)
  }
})

test('a directory or no name is wrong usage', async t => {
  const directory = temporaryDirectory(t)
  for (const file of [directory, path.join(directory, 'new/'), '']) {
    const failure = await fails(t, directory, file)
    t.is(failure.code, 'BAD_OUTPUT')
    t.is(failure.exitCode, 2)
  }
})

test('a device is written into, and its errors are told', async t => {
  await writeArchive(blocks, '/dev/null')
  t.true(fs.statSync('/dev/null').isCharacterDevice())
  const failure = await failureOf(writeArchive(blocks, '/dev/full'))
  t.is(failure.code, 'OUTPUT_FAILED')
  t.regex(failure.message, /\/dev\/full: no space left/)
})

test('what cannot be packed leaves the file as it was', async t => {
  const directory = temporaryDirectory(t)
  const file = path.join(directory, 'o.tar')
  fs.writeFileSync(file, 'as it was')
  const bad = [...members, program('n'.repeat(300), [])]
  t.is((await failureOf(writeArchive(() => archiveBlocks(bad, time), file))).code, 'NAME_TOO_LONG')
  t.is(fs.readFileSync(file, 'utf8'), 'as it was')
  t.deepEqual(fs.readdirSync(directory), ['o.tar'])
})

test('a signal in the middle leaves the file as it was, and nothing beside it', async t => {
  const directory = temporaryDirectory(t)
  const file = path.join(directory, 'o.tar')
  fs.writeFileSync(file, 'as it was')
  const controller = new AbortController()
  const reason = new Error('enough')
  const work = writeArchive(blocks, file, controller.signal)
  t.is(fs.readdirSync(directory).length, 2, 'there is a temporary file')
  controller.abort(reason)
  await t.throwsAsync(work, { is: reason })
  t.deepEqual(fs.readdirSync(directory), ['o.tar'])
  t.is(fs.readFileSync(file, 'utf8'), 'as it was')
})

test('what was written is looked at again before it counts', async t => {
  const directory = temporaryDirectory(t)
  const file = path.join(directory, 'o.tar')
  fs.writeFileSync(file, 'as it was')
  const work = writeArchive(blocks, file)
  const temporary = fs.readdirSync(directory).find(name => name !== 'o.tar') ?? ''
  // As a disk would that loses a byte of what it said to have written.
  const handle = fs.openSync(path.join(directory, temporary), 'r+')
  fs.writeSync(handle, 'X', 0)
  fs.closeSync(handle)
  const failure = await failureOf(work)
  t.is(failure.code, 'BAD_ARCHIVE')
  t.is(failure.exitCode, 4)
  t.is(fs.readFileSync(file, 'utf8'), 'as it was')
  t.deepEqual(fs.readdirSync(directory), ['o.tar'])
})

test('a stream gets the archive, and what it says is told', async t => {
  const stream = new PassThrough()
  const [chunks] = await Promise.all([stream.toArray(), writeStream(blocks, stream, 'it')])
  t.true(Buffer.concat(chunks).equals(wanted))
  const broken = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  })
  const failure = await failureOf(writeStream(blocks, broken, 'standard output'))
  t.is(failure.message, 'cannot write standard output: nobody reads it any more')
  t.is(failure.exitCode, 3)
})
