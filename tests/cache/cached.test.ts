import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type CacheEntry, discardEntry, ensureEntry, entryDirectory, openEntry } from '../../scripts/cache/cached.ts'
import { waitUntil } from '../wait-until.ts'

/** Entries of one cache; each counts how often it was made. */
function cache(t: ExecutionContext) {
  const cacheDirectory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-cache-'))
  t.teardown(() => fs.rmSync(cacheDirectory, { recursive: true, force: true }))
  const lines: string[] = []
  let made = 0
  const entry = (key: string, meanwhile: () => Promise<unknown> = async () => {}): CacheEntry<object> => ({
    cacheDirectory,
    kind: 'template',
    key,
    files: ['file'],
    make: async directory => {
      made++
      await meanwhile()
      fs.writeFileSync(path.join(directory, 'file'), key)
      return {}
    },
    onProgress: line => lines.push(line),
  })
  return { cacheDirectory, lines, entry, made: () => made }
}

test('while one entry is made, another of its kind is made and used', async t => {
  const { entry, lines, made, cacheDirectory } = cache(t)
  await ensureEntry(entry('aa', () => ensureEntry(entry('bb'))))
  t.is(made(), 2)
  t.deepEqual(
    lines.filter(line => line.includes('waiting')),
    [],
  )
  t.deepEqual(fs.readdirSync(cacheDirectory).sort(), ['template-aa', 'template-bb'], 'no lock is left')
})

test('an entry that is being made stays when another of its kind is made', async t => {
  const { entry, cacheDirectory } = cache(t)
  const halfMade = () => fs.readdirSync(cacheDirectory).filter(name => name.startsWith('making-template-aa-'))
  await ensureEntry(
    entry('aa', async () => {
      await ensureEntry(entry('bb'))
      t.is(halfMade().length, 1)
    }),
  )
  t.is(halfMade().length, 0)
})

test('runs that want the same entry at the same time make it once', async t => {
  const { entry, lines, made } = cache(t)
  let release = () => {}
  const gate = new Promise<void>(resolve => (release = resolve))
  const first = ensureEntry(entry('aa', () => gate))
  await waitUntil('one makes it', () => made() > 0)
  const others = [1, 2, 3].map(() => ensureEntry(entry('aa')))
  await waitUntil('the others wait', () => lines.length >= 3)
  release()
  await Promise.all([first, ...others])
  t.is(made(), 1)
  t.is(lines.filter(line => line === 'template: another run is making it; waiting').length, 3)
})

test('a useless entry is gone at once, whatever is still done in it, and none that is there is no error', async t => {
  const { entry: entryOf, cacheDirectory } = cache(t)
  const entry = entryOf('aa')
  await ensureEntry(entry)
  const directory = entryDirectory(entry)
  // Somebody writes there faster than it can be emptied.
  const writer = spawn('/bin/sh', ['-c', 'echo begun; while :; do n=$((n + 1)); : >"f$n"; done'], { cwd: directory })
  t.teardown(() => writer.kill('SIGKILL'))
  await once(writer.stdout, 'data')
  for (let times = 0; times < 2; times++) t.notThrows(() => discardEntry(entry))
  t.false(fs.existsSync(directory))
  t.is(await openEntry(entry), undefined)
  writer.kill('SIGKILL')
  await once(writer, 'close')
  await ensureEntry(entry)
  t.deepEqual(fs.readdirSync(cacheDirectory).sort(), ['template-aa'])
  t.notThrows(() => discardEntry({ ...entry, cacheDirectory: path.join(cacheDirectory, 'none') }))
})

test('of a kind that is bounded the oldest go, but not what is just used, or by another host', async t => {
  const { entry, cacheDirectory } = cache(t)
  const make = (key: string) => ensureEntry({ ...entry(key), most: 3, graceMs: 60_000 })
  const age = (key: string, minutes: number) => {
    const time = new Date(Date.now() - minutes * 60_000)
    fs.utimesSync(entryDirectory(entry(key)), time, time)
  }
  for (const key of ['aa', 'bb', 'cc', 'dd', 'ee']) await make(key)
  t.is(fs.readdirSync(cacheDirectory).length, 5, 'all are just used')
  for (const [index, key] of ['aa', 'bb', 'cc', 'dd', 'ee'].entries()) age(key, 10 - index)
  fs.writeFileSync(path.join(entryDirectory(entry('aa')), 'used-on-another'), '')
  age('aa', 10)
  await make('ff')
  t.deepEqual(fs.readdirSync(cacheDirectory).sort(), ['template-aa', 'template-dd', 'template-ee', 'template-ff'])
})
