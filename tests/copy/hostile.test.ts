import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { copy } from '../../scripts/copy/copy.ts'
import { DirectoryHandle } from '../../scripts/copy/directory-handle.ts'
import { type End, hostEnd } from '../../scripts/copy/end.ts'
import { readLocation } from '../../scripts/copy/location.ts'
import { findConflict, placeCopy } from '../../scripts/copy/place-copy.ts'
import { SEND, STAGE, STAT } from '../../scripts/copy/scripts.ts'
import { Failure } from '../../scripts/errors/failure.ts'
import { paxHeader, type RawMember, rawTar, temporaryDirectory } from '../ovl/fixtures/archives.ts'
import { waitUntil } from '../wait-until.ts'

/** A malicious node with a given answer and data. */
const malicious = (answer: string, sent: Buffer = Buffer.alloc(0)): End => ({
  run: async (script, _words, { stdout }) => {
    if (script === STAT) stdout.write(answer)
    if (script === SEND) stdout.write(sent)
    return 0
  },
})

const DIRECTORY = 'directory 755 4096\n'
const place = (userInput: string, end: End) => ({ ...readLocation(userInput), end })

async function tryToCopy(from: End, target: string, recursive = true, source = 'x') {
  const notices: string[] = []
  const request = {
    recursive,
    onNotice: (line: string) => void notices.push(line),
    signal: new AbortController().signal,
  }
  try {
    await copy(place(source, from), place(target, hostEnd), request)
    return { notices, failure: undefined }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { notices, failure: error }
  }
}

/** A destination, and beside it a directory that must stay unchanged. */
function workspace(t: ExecutionContext) {
  const root = temporaryDirectory(t)
  const [target, victim] = [path.join(root, 'target'), path.join(root, 'victim')]
  fs.mkdirSync(target)
  fs.mkdirSync(victim)
  fs.writeFileSync(path.join(victim, 'kept'), 'unchanged')
  const assertUntouched = () => {
    t.deepEqual(fs.readdirSync(victim), ['kept'])
    t.is(fs.readFileSync(path.join(victim, 'kept'), 'utf8'), 'unchanged')
    t.deepEqual(fs.readdirSync(root).sort(), ['target', 'victim'])
    t.false(fs.readdirSync(target).some(name => name.startsWith('.netns')))
  }
  return { root, target, victim, assertUntouched }
}

const archive = (...members: RawMember[]) => rawTar([{ name: './', type: '5' }, ...members])

test('does not follow a link that an earlier copy created', async t => {
  const { target, victim, assertUntouched } = workspace(t)
  const first = malicious(DIRECTORY, archive({ name: './sub', type: '2', target: victim }))
  t.is((await tryToCopy(first, target)).failure, undefined)
  t.is(fs.readlinkSync(path.join(target, 'x', 'sub')), victim)
  const members = [
    { name: './new', content: 'new' },
    { name: './sub', type: '5' },
    { name: './sub/kept', content: 'evil' },
  ]
  const { failure } = await tryToCopy(malicious(DIRECTORY, archive(...members)), target)
  t.is(failure?.code, 'COPY_FAILED')
  t.regex(failure?.message ?? '', /x\/sub is a link, but the copy is a directory/)
  t.deepEqual(fs.readdirSync(path.join(target, 'x')), ['sub'], 'nothing was copied')
  assertUntouched()
})

test('does not follow a link in the place of the copy', async t => {
  const { target, victim, assertUntouched } = workspace(t)
  fs.symlinkSync(victim, path.join(target, 'x'))
  const { failure } = await tryToCopy(malicious(DIRECTORY, archive({ name: './kept', content: 'evil' })), target)
  t.regex(failure?.message ?? '', /target\/x exists and is not a directory/)
  assertUntouched()
})

const VICTIM = '../victim'
for (const [what, members, expected] of [
  [
    'a file below a link',
    [
      { name: './sub', type: '2', target: VICTIM },
      { name: './sub/evil', content: 'x' },
    ],
    /'sub' is not a directory/,
  ],
  [
    'a file over a link',
    [
      { name: './f', type: '2', target: `${VICTIM}/kept` },
      { name: './f', content: 'evil' },
    ],
    /f/,
  ],
  [
    'a directory over a link',
    [
      { name: './sub', type: '2', target: VICTIM },
      { name: './sub', type: '5' },
    ],
    /exist/,
  ],
  ['a climbing name', [{ name: '../victim/evil', content: 'x' }], /leads out/],
  ['an absolute name', [{ name: '/tmp/netns-evil', content: 'x' }], /leads out/],
  ['a climbing pax name', [paxHeader({ path: 'a/../../victim/evil' }), { name: 'x', content: 'x' }], /leads out/],
  ['a hard link that leads out', [{ name: './f', type: '1', target: '../victim/kept' }], /leads out/],
  [
    'a hard link through a link',
    [
      { name: './sub', type: '2', target: VICTIM },
      { name: './f', type: '1', target: './sub/kept' },
    ],
    /'sub' is not a directory/,
  ],
  [
    'a hard link to a link',
    [
      { name: './l', type: '2', target: `${VICTIM}/kept` },
      { name: './f', type: '1', target: 'l' },
    ],
    /not to a file in the archive/,
  ],
  ['a file without its directory', [{ name: './none/f', content: 'x' }], /'none' is not a directory/],
  ['a file below a file', [{ name: './f' }, { name: './f/g', content: 'x' }], /'f' is not a directory/],
  ['a sparse file', [paxHeader({ 'GNU.sparse.major': '1' }), { name: './f', content: 'x' }], /sparse/],
  ['a file of unknown type', [{ name: './f', type: 'Z' }], /'\.\/f'/],
  ['a name that is not UTF-8', [{ name: './f\uFFFD', content: 'x' }], /UTF-8/],
] as [string, RawMember[], RegExp][]) {
  test(`refuses ${what}, and leaves nothing`, async t => {
    const { target, assertUntouched } = workspace(t)
    const { failure } = await tryToCopy(malicious(DIRECTORY, archive(...members)), target)
    t.regex(failure?.message ?? '', expected)
    t.true((failure?.exitCode ?? 0) >= 3)
    t.deepEqual(fs.readdirSync(target), [])
    assertUntouched()
  })
}

for (const [what, sent] of [
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('hello '.repeat(1000))],
  ['a truncated archive', archive({ name: './f', content: 'x'.repeat(5000) }).subarray(0, 3000)],
  ['an archive without an end-of-archive marker', rawTar([{ name: './f', content: 'x' }], Buffer.alloc(0))],
  ['a compressed archive', execFileSync('gzip', { input: archive({ name: './f', content: 'x' }) })],
] as const) {
  test(`refuses ${what} instead of a directory`, async t => {
    const { target, assertUntouched } = workspace(t)
    const { failure } = await tryToCopy(malicious(DIRECTORY, sent), target)
    t.is(failure?.code, 'COPY_UNTRUSTED')
    t.deepEqual(fs.readdirSync(target), [])
    assertUntouched()
  })
}

for (const answer of [
  '',
  'file\n',
  'file 644\n',
  'file 644 1',
  'device 644 1\n',
  'directory 755 1\n', // not requested
  'file 7777777 1\n',
  'file a[$(touch /tmp/netns-evil)] 1\n',
  'file 0$(id) 1\n',
  'file 644 1\nfile 644 1\n',
  'file 644 -1\n',
  `file 644 ${'9'.repeat(20)}\n`,
  'x'.repeat(10_000_000),
]) {
  test(`refuses the answer ${JSON.stringify(answer.slice(0, 40))}`, async t => {
    const { target, assertUntouched } = workspace(t)
    const { failure } = await tryToCopy(malicious(answer, Buffer.from('x')), target, false)
    t.is(failure?.code, 'COPY_UNTRUSTED')
    t.true((failure?.message.length ?? 0) < 200)
    t.false(fs.existsSync('/tmp/netns-evil'))
    t.deepEqual(fs.readdirSync(target), [])
    assertUntouched()
  })
}

test('creates no set-user-ID or world-writable files and no devices, all owned by the user', async t => {
  const { target } = workspace(t)
  const before = process.umask(0o022)
  t.teardown(() => process.umask(before))
  const members = [
    { name: './setuid', mode: 0o6777, content: 'x' },
    { name: './open', mode: 0o7777, type: '5' },
    { name: './open/file', mode: 0o666, content: 'x' },
    { name: './closed', mode: 0, type: '5' },
    { name: './closed/file', mode: 0o400, content: 'x' },
    { name: './fifo', type: '6' },
    { name: './device\u001b[2J', type: '3' },
    { name: './again', type: '1', target: './open/file' },
  ]
  const { failure, notices } = await tryToCopy(malicious('directory 7777 0\n', archive(...members)), target)
  t.is(failure, undefined, failure?.message)
  const modes = Object.fromEntries(
    ['', 'setuid', 'open', 'open/file', 'closed', 'closed/file', 'again'].map(name => {
      const { mode, uid } = fs.lstatSync(path.join(target, 'x', name))
      t.is(uid, process.getuid?.() ?? -1)
      return [name, (mode & 0o7777).toString(8)]
    }),
  )
  const [open, plain] = ['755', '644']
  t.deepEqual(modes, {
    '': open,
    setuid: open,
    open,
    'open/file': plain,
    closed: '700',
    'closed/file': '400',
    again: plain,
  })
  t.deepEqual(fs.readdirSync(path.join(target, 'x')).sort(), ['again', 'closed', 'open', 'setuid'])
  t.deepEqual(notices, ["x: not copied: 'fifo' is a FIFO", "x: not copied: 'device' is a device"])
  const { failure: none } = await tryToCopy(malicious('file 6777 1\n', Buffer.from('x')), path.join(target, 'y'), false)
  t.is(none, undefined)
  t.is(fs.statSync(path.join(target, 'y')).mode & 0o7777, 0o755)
})

test('lists only the first skipped members', async t => {
  const { target } = workspace(t)
  const members = Array.from({ length: 1000 }, (_, index) => ({ name: `./${index}`, type: '3' }))
  const { notices } = await tryToCopy(malicious(DIRECTORY, archive(...members)), target)
  t.is(notices.length, 21)
  t.regex(notices.at(-1) ?? '', /980 more members/)
})

test('refuses a file for the name of a directory', async t => {
  const { target, assertUntouched } = workspace(t)
  const { failure } = await tryToCopy(malicious('file 644 1\n', Buffer.from('x')), target, false, 'sub/..')
  t.is(failure?.code, 'COPY_UNTRUSTED')
  assertUntouched()
})

test('does not follow a link that is created during the copy', t => {
  const { root, victim, assertUntouched, target } = workspace(t)
  fs.mkdirSync(path.join(target, 'stage', 'sub'), { recursive: true })
  fs.writeFileSync(path.join(target, 'stage', 'sub', 'kept'), 'evil')
  fs.mkdirSync(path.join(target, 'sub'))
  const [stage, to] = [DirectoryHandle.open(path.join(target, 'stage')), DirectoryHandle.open(target)]
  t.teardown(() => [stage, to].map(handle => handle.close()))
  t.is(findConflict({ from: stage, name: 'sub' }, { to, name: 'sub' }), undefined)
  fs.rmdirSync(path.join(target, 'sub'))
  fs.symlinkSync(victim, path.join(target, 'sub'))
  t.throws(() => placeCopy({ from: stage, name: 'sub' }, { to, name: 'sub' }))
  t.throws(() => to.openChild('sub'), { code: 'ENOTDIR' })
  // The handle still refers to the renamed directory.
  fs.renameSync(target, path.join(root, 'moved'))
  fs.symlinkSync(victim, target)
  placeCopy({ from: stage, name: 'sub' }, { to, name: 'here' })
  t.is(fs.readFileSync(path.join(root, 'moved', 'here', 'kept'), 'utf8'), 'evil')
  fs.rmSync(target)
  fs.renameSync(path.join(root, 'moved'), target)
  assertUntouched()
})

test('reports a lack of space on the host before anything is created', async t => {
  const { target, assertUntouched } = workspace(t)
  const { failure } = await tryToCopy(malicious('file 644 900000000000000\n'), target, false)
  t.is(failure?.code, 'COPY_FAILED')
  t.regex(failure?.message ?? '', /no space left in .*: 858306885 MiB needed, \d+ MiB free/)
  assertUntouched()
})

test('does not wait for a node that exits without an answer', async t => {
  const source = path.join(temporaryDirectory(t), 'file')
  fs.writeFileSync(source, 'x')
  const request = { recursive: false, onNotice: () => {}, signal: new AbortController().signal }
  const silent: End = { run: async () => 0 }
  const error = await t.throwsAsync(copy(place(source, hostEnd), place('x', silent), request), { instanceOf: Failure })
  t.is((error as Failure).code, 'COPY_UNTRUSTED')
})

test('stops sending to a node whose disk is full', async t => {
  const source = path.join(temporaryDirectory(t), 'tree')
  fs.mkdirSync(source)
  fs.writeFileSync(path.join(source, 'file'), Buffer.alloc(10_000_000))
  const full: End = {
    run: async (script, _words, { stdin, stdout, stderr }, signal) => {
      if (script === STAGE) {
        stdout.write('/stage\n')
        for await (const _ of stdin ?? []);
        return 1
      }
      // Like GNU tar: reports it, and continues to read.
      stderr.write('tar: ./file: Cannot write: No space left on device\n')
      if (!signal?.aborted) await once(signal as AbortSignal, 'abort')
      stdin?.destroy()
      throw signal?.reason
    },
  }
  const request = { recursive: true, onNotice: () => {}, signal: new AbortController().signal }
  await t.throwsAsync(copy(place(source, hostEnd), place('x', full), request), { message: /No space left on device/ })
})

test('a copy leaves nothing when the program is killed', async t => {
  const { target, assertUntouched } = workspace(t)
  const program = `
    import { copy } from ${JSON.stringify(path.resolve('scripts/copy/copy.ts'))}
    import { hostEnd } from ${JSON.stringify(path.resolve('scripts/copy/end.ts'))}
    const source = { run: async (script, words, { stdout }) => {
      if (script.includes('exec cat')) await new Promise(() => setInterval(() => stdout.write('x'), 10))
      stdout.write('file 644 1\\n')
      return 0
    } }
    const at = (path, end) => ({ path, end, userInput: path, target: undefined })
    await copy(at('x', source), at(${JSON.stringify(target)}, hostEnd), {
      recursive: false, onNotice: () => {}, signal: new AbortController().signal,
    })`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { stdio: 'inherit' })
  const isCopying = () => fs.readdirSync(target).some(name => name.startsWith('.netns-cp-'))
  await waitUntil('the copy is running', () => isCopying() || child.exitCode !== null)
  t.is(child.exitCode, null)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await waitUntil('nothing is left', () => fs.readdirSync(target).length === 0)
  assertUntouched()
})
