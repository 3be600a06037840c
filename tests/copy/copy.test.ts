import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { copy } from '../../scripts/copy/copy.ts'
import { type End, hostEnd } from '../../scripts/copy/end.ts'
import { readLocation } from '../../scripts/copy/location.ts'
import { tool } from '../needs.ts'

/** As VMs of xcluster: busybox for all commands. */
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

const plain = { recursive: true, onNotice: () => {}, signal: new AbortController().signal }
const single = { ...plain, recursive: false }
const place = (userInput: string, end: End) => ({ ...readLocation(userInput), end })

const BINARY = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 256))

/** Creates files with awkward names, a dangling link and an empty directory. */
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

  test(`${kind}: copies files and directories unchanged, in both directions`, async t => {
    const root = workspace(t)
    const end = endOf(root)
    const source = path.join(root, 'source')
    fill(source)
    for (const [name, from, to] of [
      ['up', hostEnd, end],
      ['down', end, hostEnd],
    ] as const) {
      const target = path.join(root, name)
      await copy(place(source, from), place(target, to), plain)
      t.is(compare(source, target), '')
      t.is(fs.statSync(path.join(target, 'a b')).mode & 0o777, 0o755)
      // Again: into the directory that now exists, and then over that copy.
      for (let times = 0; times < 2; times++) {
        await copy(place(source, from), place(target, to), plain)
        t.is(compare(source, path.join(target, 'source')), '')
      }
      await copy(place(`${source}/sub/.`, from), place(target, to), plain)
      t.deepEqual(fs.readFileSync(path.join(target, 'bytes')), BINARY)
      await copy(place('/proc/version', from), place(path.join(target, 'bytes'), to), single)
      t.regex(fs.readFileSync(path.join(target, 'bytes'), 'utf8'), /^Linux version/)
      t.deepEqual(
        fs.readdirSync(target).filter(file => file.startsWith('.netns')),
        [],
      )
    }
  })

  test(`${kind}: reports what it cannot copy, and leaves nothing behind`, async t => {
    const root = workspace(t)
    const end = endOf(root)
    const [source, target] = [path.join(root, 'source'), path.join(root, 'target')]
    fill(source)
    fs.mkdirSync(path.join(target, 'source', 'a b'), { recursive: true })
    fs.writeFileSync(path.join(target, 'plain'), 'unchanged')
    for (const [from, to, recursive, expected] of [
      [`${source}/nothing`, target, false, /source\/nothing: no such file or directory/],
      [source, target, false, /source: is a directory; copy it with -r/],
      ['/dev/null', target, true, /neither a file nor a directory/],
      [`${source}/-n`, `${target}/no/such`, false, /no such directory: .*\/no$/],
      [`${source}/-n`, `${target}/no/`, false, /no such directory$/],
      [`${source}/-n`, '/dev/null', false, /exists and is not a regular file/],
      [source, `${target}/plain`, true, /plain exists and is not a directory/],
      [source, target, true, /a b is a directory, but the copy is not/],
      [`${source}/-n`, '/proc/sys/x', false, /cannot write to \/proc\/sys/],
    ] as const) {
      await t.throwsAsync(copy(place(from, hostEnd), place(to, end), { ...plain, recursive }), { message: expected })
      t.is(fs.readFileSync(path.join(target, 'plain'), 'utf8'), 'unchanged')
      t.deepEqual(
        fs.readdirSync(target).filter(file => file.startsWith('.netns')),
        [],
      )
    }
  })

  test(`${kind}: replaces a link to a directory, not the directory`, async t => {
    const root = workspace(t)
    const end = endOf(root)
    const source = path.join(root, 'source')
    fs.mkdirSync(path.join(source, 'directory'), { recursive: true })
    fs.symlinkSync('directory', path.join(source, 'link'))
    for (const [name, from, to] of [
      ['up', hostEnd, end],
      ['down', end, hostEnd],
    ] as const) {
      const target = path.join(root, name)
      for (let times = 0; times < 2; times++) {
        await copy(place(`${source}/.`, from), place(target, to), plain)
        t.is(compare(source, target), '')
        t.is(fs.readlinkSync(path.join(target, 'link')), 'directory')
      }
      fs.rmSync(path.join(target, 'directory'), { recursive: true })
      fs.symlinkSync(source, path.join(target, 'directory'))
      await t.throwsAsync(copy(place(`${source}/.`, from), place(target, to), plain), {
        message: /directory (exists and is not|is a link, but the copy is) a directory$/,
      })
    }
  })

  test(`${kind}: copies the content of files in /proc and /sys`, async t => {
    const root = workspace(t)
    const end = endOf(root)
    for (const [name, from, to] of [
      ['up', hostEnd, end],
      ['down', end, hostEnd],
    ] as const) {
      const target = path.join(root, name)
      for (const [source, file] of [
        ['/proc/sys/kernel/random', 'boot_id'],
        ['/sys/kernel/mm/transparent_hugepage', 'enabled'],
      ] as const) {
        if (!fs.existsSync(source)) continue
        await copy(place(source, from), place(target, to), plain)
        t.is(fs.readFileSync(path.join(target, file), 'utf8'), fs.readFileSync(path.join(source, file), 'utf8'))
        fs.rmSync(target, { recursive: true })
      }
    }
  })

  test.serial(`${kind}: the caller's environment does not change what is copied`, async t => {
    const root = workspace(t)
    const end = endOf(root)
    fill(path.join(root, 'source'))
    fs.mkdirSync(path.join(root, 'other', 'source'), { recursive: true })
    const here = process.cwd()
    const before = { ...process.env }
    t.teardown(() => {
      process.chdir(here)
      process.env = before
    })
    process.chdir(root)
    Object.assign(process.env, { CDPATH: path.join(root, 'other'), TAR_OPTIONS: '--exclude=bytes --totals' })
    for (const [name, from, to] of [
      ['up', hostEnd, end],
      ['down', end, hostEnd],
    ] as const) {
      await copy(place('source', from), place(name, to), plain)
      t.is(compare(path.join(root, 'source'), path.join(root, name)), '')
    }
  })

  test(`${kind}: reports a failing tar as COPY_FAILED, not as wrong usage`, async t => {
    const root = workspace(t)
    const end = endOf(root)
    const source = path.join(root, 'source')
    fs.mkdirSync(source)
    const failing: End = {
      run: async (script, words, streams, signal) =>
        await end.run(`tar() { echo 'tar: oops' >&2; return 2; }\n${script}`, words, streams, signal),
    }
    const error = await t.throwsAsync(copy(place(source, failing), place(path.join(root, 'down'), hostEnd), plain))
    t.like(error, { code: 'COPY_FAILED', exitCode: 3 })
    t.regex(error?.message ?? '', /source: tar: oops/)
  })

  test(`${kind}: an aborted copy leaves nothing`, async t => {
    const root = workspace(t)
    const end = endOf(root)
    const target = path.join(root, 'target')
    fs.mkdirSync(target)
    const stop = new AbortController()
    const endless: End = {
      run: async (script, words, streams, signal) => {
        const isSending = script.includes('exec cat')
        if (isSending) streams.stdout.once('drain', () => stop.abort(new Error('aborted')))
        return await hostEnd.run(isSending ? 'cat /dev/zero' : script, words, streams, signal)
      },
    }
    const source = path.join(root, 'source')
    fs.writeFileSync(source, 'x')
    const copied = copy(place(source, endless), place(target, end), { ...single, signal: stop.signal })
    await t.throwsAsync(copied, { message: 'aborted' })
    t.deepEqual(fs.readdirSync(target), [])
  })
}
