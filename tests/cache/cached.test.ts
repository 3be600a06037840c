import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type CacheEntry, discardEntry, ensureEntry, entryDirectory, openEntry } from '../../scripts/cache/cached.ts'
import { waitUntil } from '../wait-until.ts'

/** A cache whose entries count their builds. */
function cache(t: ExecutionContext) {
  const cacheDirectory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-cache-'))
  t.teardown(() => fs.rmSync(cacheDirectory, { recursive: true, force: true }))
  const lines: string[] = []
  let builds = 0
  const entry = (key: string, meanwhile: () => Promise<unknown> = async () => {}): CacheEntry<object> => ({
    cacheDirectory,
    kind: 'template',
    key,
    files: ['file'],
    build: async directory => {
      builds++
      await meanwhile()
      fs.writeFileSync(path.join(directory, 'file'), key)
      return {}
    },
    onProgress: line => lines.push(line),
  })
  return { cacheDirectory, lines, entry, builds: () => builds }
}

test('builds different entries of a kind at the same time', async t => {
  const { entry, lines, builds, cacheDirectory } = cache(t)
  await ensureEntry(entry('aa', () => ensureEntry(entry('bb'))))
  t.is(builds(), 2)
  t.deepEqual(
    lines.filter(line => line.includes('waiting')),
    [],
  )
  t.deepEqual(fs.readdirSync(cacheDirectory).sort(), ['template-aa', 'template-bb'], 'no lock is left')
})

test('does not clean up an entry that another run is building', async t => {
  const { entry, cacheDirectory } = cache(t)
  const staging = () => fs.readdirSync(cacheDirectory).filter(name => name.startsWith('making-template-aa-'))
  await ensureEntry(
    entry('aa', async () => {
      await ensureEntry(entry('bb'))
      t.is(staging().length, 1)
    }),
  )
  t.is(staging().length, 0)
})

test('concurrent runs build an entry once', async t => {
  const { entry, lines, builds } = cache(t)
  let release = () => {}
  const gate = new Promise<void>(resolve => (release = resolve))
  const first = ensureEntry(entry('aa', () => gate))
  await waitUntil('one run builds it', () => builds() > 0)
  const others = [1, 2, 3].map(() => ensureEntry(entry('aa')))
  await waitUntil('the others wait', () => lines.length >= 3)
  release()
  await Promise.all([first, ...others])
  t.is(builds(), 1)
  t.is(lines.filter(line => line === 'template: waiting for another run that is building it').length, 3)
})

test('discards an entry at once, even while another process writes into it, and ignores a missing one', async t => {
  const { entry: entryOf, cacheDirectory } = cache(t)
  const entry = entryOf('aa')
  await ensureEntry(entry)
  const directory = entryDirectory(entry)
  // Writes files faster than they can be removed.
  const writer = spawn('/bin/sh', ['-c', 'echo begun; while :; do n=$((n + 1)); : >"f$n"; done'], { cwd: directory })
  t.teardown(() => writer.kill('SIGKILL'))
  await once(writer.stdout, 'data')
  for (let round = 0; round < 2; round++) t.notThrows(() => discardEntry(entry))
  t.false(fs.existsSync(directory))
  t.is(await openEntry(entry), undefined)
  writer.kill('SIGKILL')
  await once(writer, 'close')
  await ensureEntry(entry)
  t.deepEqual(fs.readdirSync(cacheDirectory).sort(), ['template-aa'])
  t.notThrows(() => discardEntry({ ...entry, cacheDirectory: path.join(cacheDirectory, 'none') }))
})

test('removes the oldest entries beyond the limit, except recent ones and those of another host', async t => {
  const { entry, cacheDirectory } = cache(t)
  const build = (key: string) => ensureEntry({ ...entry(key), maxEntries: 3, graceMs: 60_000 })
  const age = (key: string, minutes: number) => {
    const time = new Date(Date.now() - minutes * 60_000)
    fs.utimesSync(entryDirectory(entry(key)), time, time)
  }
  for (const key of ['aa', 'bb', 'cc', 'dd', 'ee']) await build(key)
  t.is(fs.readdirSync(cacheDirectory).length, 5, 'all were used within the grace period')
  for (const [index, key] of ['aa', 'bb', 'cc', 'dd', 'ee'].entries()) age(key, 10 - index)
  fs.writeFileSync(path.join(entryDirectory(entry('aa')), 'used-on-another'), '')
  age('aa', 10)
  await build('ff')
  t.deepEqual(fs.readdirSync(cacheDirectory).sort(), ['template-aa', 'template-dd', 'template-ee', 'template-ff'])
})
