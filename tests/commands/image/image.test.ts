import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { writeManifest } from '../../../scripts/cache/manifest.ts'
import { IMAGE_FILES } from '../../../scripts/cluster/vm/image/build.ts'
import { imageDirectory, inspectImage } from '../../../scripts/cluster/vm/image/cache.ts'
import { imageText, showImage } from '../../../scripts/commands/image/image.ts'
import { DEFAULT_GUEST } from '../../../scripts/settings/guest.ts'
import { conforms } from '../../schema.ts'

const TRIXIE = { ...DEFAULT_GUEST, release: 'trixie', snapshot: '20261101T000000Z' }

test('describes a cached image, and reports one that is not built with the command that builds it', async t => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-image-'))
  t.teardown(() => fs.rmSync(home, { recursive: true }))
  const cache = path.join(home, 'xcluster-netns')
  const directory = imageDirectory(cache, TRIXIE)
  fs.mkdirSync(directory, { recursive: true })
  for (const name of Object.values(IMAGE_FILES)) fs.writeFileSync(path.join(directory, name), 'x'.repeat(2 ** 20))
  const { archive: _, ...guest } = TRIXIE
  const built = { kernelVersion: '6.12', packages: { jq: '1.7-1' }, guest, programs: ['ip'], modules: ['bridge'] }
  await writeManifest(directory, Object.values(IMAGE_FILES), built)
  const facts = await inspectImage(cache, TRIXIE, () => {})
  if (!facts) return t.fail('not found')
  conforms(t, 'image', facts)
  const text = imageText(facts, Date.parse(facts.built) + 3 * 3_600_000)
  t.regex(text, /^release +trixie of 20261101T000000Z$/m)
  t.regex(text, /^built +\S+ \(3 h ago\)$/m)
  t.regex(text, /^size +3 MiB$/m)
  for (const line of [/^package +jq 1\.7-1$/m, /^program +ip$/m, /^module +bridge$/m, /^kernel +6\.12$/m])
    t.regex(text, line)
  await t.throwsAsync(showImage({ ...TRIXIE, packages: ['jq'] }, false, { XDG_CACHE_HOME: home, HOME: home }), {
    code: 'NO_IMAGE',
    message: 'this image is not built yet',
  })
})
