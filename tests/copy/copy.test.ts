import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { copy } from '../../scripts/copy/copy.ts'
import { type End, hostEnd } from '../../scripts/copy/end.ts'
import { readLocation } from '../../scripts/copy/location.ts'
import { tool } from '../needs.ts'

/** What a VM of xcluster has: busybox for everything. */
const busyboxEnd = (directory: string): End => {
  execFileSync(tool('busybox'), ['--install', '-s', directory])
  return {
    run: async (script, words, streams, signal) =>
      await hostEnd.run(`PATH=${directory}; exec sh -c "$@"`, [script, 'cp', ...words], streams, signal),
  }
}

const workspace = (t: ExecutionContext): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-copy-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

const quiet = new AbortController().signal
const place = (typed: string, end: End) => ({ ...readLocation(typed), end })

const BINARY = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 256))

/** Files with names that are awkward, a link that leads nowhere, an empty directory. */
function fill(directory: string): void {
  fs.mkdirSync(path.join(directory, 'sub', 'empty'), { recursive: true })
  for (const name of ['a b', '-n', '.hidden', '..odd', "it's\nodd", 'sub/bytes'])
    fs.writeFileSync(path.join(directory, name), BINARY)
  fs.chmodSync(path.join(directory, 'a b'), 0o755)
  fs.symlinkSync('/no/where', path.join(directory, 'link'))
}

const compare = (one: string, other: string) =>
  execFileSync('diff', ['-r', '--no-dereference', one, other], { encoding: 'utf8' })

for (const kind of ['coreutils', 'busybox'] as const) {
  const endOf = (directory: string) => {
    if (kind === 'coreutils') return hostEnd
    fs.mkdirSync(path.join(directory, 'bin'))
    return busyboxEnd(path.join(directory, 'bin'))
  }

  test(`${kind}: files and directories arrive as they are, from and to it`, async t => {
    const own = workspace(t)
    const end = endOf(own)
    const source = path.join(own, 'source')
    fill(source)
    for (const [name, from, to] of [
      ['up', hostEnd, end],
      ['down', end, hostEnd],
    ] as const) {
      const target = path.join(own, name)
      await copy(place(source, from), place(target, to), true, quiet)
      t.is(compare(source, target), '')
      t.is(fs.statSync(path.join(target, 'a b')).mode & 0o777, 0o755)
      // Once more: into the directory that there is now, and then over itself.
      for (let times = 0; times < 2; times++) {
        await copy(place(source, from), place(target, to), true, quiet)
        t.is(compare(source, path.join(target, 'source')), '')
      }
      await copy(place(`${source}/sub/.`, from), place(target, to), true, quiet)
      t.deepEqual(fs.readFileSync(path.join(target, 'bytes')), BINARY)
      await copy(place('/proc/version', from), place(path.join(target, 'bytes'), to), false, quiet)
      t.regex(fs.readFileSync(path.join(target, 'bytes'), 'utf8'), /^Linux version/)
      t.deepEqual(
        fs.readdirSync(target).filter(file => file.startsWith('.netns')),
        [],
      )
    }
  })

  test(`${kind}: what cannot be copied is told, and leaves nothing behind`, async t => {
    const own = workspace(t)
    const end = endOf(own)
    const [source, target] = [path.join(own, 'source'), path.join(own, 'target')]
    fill(source)
    fs.mkdirSync(path.join(target, 'source', 'a b'), { recursive: true })
    fs.writeFileSync(path.join(target, 'plain'), 'as it was')
    for (const [from, to, recursive, says] of [
      [`${source}/nothing`, target, false, /source\/nothing: there is no such file or directory/],
      [source, target, false, /source: it is a directory, which is copied with -r/],
      ['/dev/null', target, true, /neither a file nor a directory/],
      [`${source}/-n`, `${target}/no/such`, false, /there is no directory .*\/no$/],
      [`${source}/-n`, `${target}/no/`, false, /there is no such directory/],
      [`${source}/-n`, '/dev/null', false, /it is there, and no regular file/],
      [source, `${target}/plain`, true, /plain is there, and no directory/],
      [source, target, true, /a b is a directory, and what is copied is none/],
      [`${source}/-n`, '/proc/sys/x', false, /cannot write in \/proc\/sys/],
    ] as const) {
      await t.throwsAsync(copy(place(from, hostEnd), place(to, end), recursive, quiet), { message: says })
      t.is(fs.readFileSync(path.join(target, 'plain'), 'utf8'), 'as it was')
      t.deepEqual(
        fs.readdirSync(target).filter(file => file.startsWith('.netns')),
        [],
      )
    }
  })

  test(`${kind}: a copy that is broken off is not there at all`, async t => {
    const own = workspace(t)
    const end = endOf(own)
    const target = path.join(own, 'target')
    fs.mkdirSync(target)
    const cut = new AbortController()
    const endless: End = {
      run: async (script, words, streams, signal) => {
        const isSending = script.includes('exec cat')
        if (isSending) streams.stdout.once('drain', () => cut.abort(new Error('cut off')))
        return await hostEnd.run(isSending ? 'cat /dev/zero' : script, words, streams, signal)
      },
    }
    const source = path.join(own, 'source')
    fs.writeFileSync(source, 'x')
    const copied = copy(place(source, endless), place(target, end), false, cut.signal)
    await t.throwsAsync(copied, { message: 'cut off' })
    t.deepEqual(fs.readdirSync(target), [])
  })
}
