import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { contentDigest, readManifest, writeManifest } from '../../../../scripts/cache/manifest.ts'
import { checkSpace, IMAGE_FILES } from '../../../../scripts/cluster/vm/image/build.ts'
import { ensureImage, imageDirectory } from '../../../../scripts/cluster/vm/image/cache.ts'
import { withLock } from '../../../../scripts/host/lock.ts'
import { DEFAULT_GUEST } from '../../../../scripts/settings/guest.ts'

const FILES = Object.values(IMAGE_FILES)
const TRIXIE = { ...DEFAULT_GUEST, release: 'trixie' }
const { archive: _, ...GUEST } = DEFAULT_GUEST
const BUILT = { kernelVersion: '6.1', packages: { jq: '1.6' }, guest: GUEST, programs: ['jq'], modules: ['veth'] }

/** A fake image of a few bytes, under the cache key of the current recipe. */
async function makeCache(t: ExecutionContext) {
  const cacheDirectory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-cache-'))
  t.teardown(() => fs.rmSync(cacheDirectory, { recursive: true, force: true }))
  const directory = imageDirectory(cacheDirectory)
  fs.mkdirSync(directory)
  for (const name of FILES) fs.writeFileSync(path.join(directory, name), name)
  await writeManifest(directory, FILES, BUILT)
  const lines: string[] = []
  // An unknown release: a build would fail instead of taking minutes.
  const ensure = (release = 'bookworm') =>
    ensureImage({
      cacheDirectory,
      guest: { ...DEFAULT_GUEST, release },
      onProgress: line => lines.push(line),
      signal: AbortSignal.abort('BUILD'),
    })
  return { cacheDirectory, directory, lines, ensure }
}

test('uses a cached image silently', async t => {
  const { directory, lines, ensure } = await makeCache(t)
  const image = await ensure()
  t.is(image.root, path.join(directory, IMAGE_FILES.root))
  t.like(image, BUILT)
  t.deepEqual(lines, [])
})

for (const [what, damage] of [
  ['altered at the same length', (directory: string) => fs.writeFileSync(path.join(directory, 'initrd'), 'INITRD')],
  ['truncated', (directory: string) => fs.truncateSync(path.join(directory, 'root.squashfs'), 3)],
  ['without one of its files', (directory: string) => fs.rmSync(path.join(directory, 'vmlinux'))],
  ['without its manifest', (directory: string) => fs.rmSync(path.join(directory, 'manifest.json'))],
  ['with half a manifest', (directory: string) => fs.truncateSync(path.join(directory, 'manifest.json'), 40)],
  [
    'with a manifest of something else',
    (directory: string) => fs.writeFileSync(path.join(directory, 'manifest.json'), '{"files":{}}'),
  ],
] as const) {
  test(`detects and rebuilds an image ${what}`, async t => {
    const { cacheDirectory, directory, lines, ensure } = await makeCache(t)
    damage(directory)
    const error = await t.throwsAsync(ensure(), { any: true })
    t.is(error as unknown, 'BUILD', 'it began to build')
    t.regex(lines[0] ?? '', /is damaged/)
    t.deepEqual(
      fs.readdirSync(cacheDirectory).filter(name => name.startsWith('making-')),
      [],
    )
  })
}

test('accepts a copied file after verifying its content', async t => {
  const { directory, lines, ensure } = await makeCache(t)
  fs.writeFileSync(path.join(directory, 'initrd'), 'initrd')
  await t.notThrowsAsync(ensure())
  t.deepEqual(lines, [])
})

test('uses different images for different releases', async t => {
  const { ensure } = await makeCache(t)
  t.is((await t.throwsAsync(ensure('trixie'), { any: true })) as unknown, 'BUILD')
})

test('removes leftovers of killed builds, and unused images, at a build', async t => {
  const { cacheDirectory, ensure } = await makeCache(t)
  for (const name of ['making-image-gone-abc', 'making-image-made-abc', 'image-old', 'image-young'])
    fs.mkdirSync(path.join(cacheDirectory, name))
  fs.utimesSync(path.join(cacheDirectory, 'image-old'), 0, 0)
  await withLock(path.join(cacheDirectory, 'image-made.lock'), async () => {
    await t.throwsAsync(ensure('trixie'), { any: true })
  })
  const left = fs.readdirSync(cacheDirectory)
  t.false(left.includes('making-image-gone-abc'))
  t.true(left.includes('making-image-made-abc'), 'another run makes it')
  t.false(left.includes('image-gone.lock'))
  t.false(left.includes('image-old'))
  t.true(left.includes('image-young'))
})

test('stops waiting for the build of another run when aborted', async t => {
  const { cacheDirectory } = await makeCache(t)
  const control = new AbortController()
  const onProgress = (line: string) => {
    t.is(line, 'image: waiting for another run that is building it')
    control.abort('ENOUGH')
  }
  await withLock(`${imageDirectory(cacheDirectory, TRIXIE)}.lock`, async () => {
    const waiting = ensureImage({ cacheDirectory, guest: TRIXIE, onProgress, signal: control.signal })
    t.is((await t.throwsAsync(waiting, { any: true })) as unknown, 'ENOUGH')
  })
})

test('reports a cache that is not a directory', async t => {
  const { cacheDirectory } = await makeCache(t)
  const file = path.join(cacheDirectory, 'file')
  fs.writeFileSync(file, '')
  await t.throwsAsync(ensureImage({ cacheDirectory: path.join(file, 'cache'), onProgress: () => {} }), {
    code: 'CACHE_NOT_WRITABLE',
    message: /file\/cache/,
  })
})

test('reports too little space, with the amount needed', t => {
  t.throws(() => checkSpace(os.tmpdir(), Number.MAX_SAFE_INTEGER), { code: 'NO_SPACE', message: /MiB/ })
  t.notThrows(() => checkSpace(os.tmpdir(), 0))
})

test('derives the digest from the content', async t => {
  const { directory } = await makeCache(t)
  const before = contentDigest(await readManifest(directory, FILES), FILES)
  t.is(contentDigest(await writeManifest(directory, FILES, BUILT), FILES), before)
  fs.writeFileSync(path.join(directory, 'initrd'), 'another')
  t.not(contentDigest(await writeManifest(directory, FILES, BUILT), FILES), before)
})
