import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import test, { type ExecutionContext } from 'ava'
import { ensureImage } from '../../scripts/cluster/vm/image/cache.ts'
import { inBareRoot, makeBareRoot, USER } from './bare-root.ts'

const README = path.resolve(import.meta.dirname, '../../README.md')

for (const release of ['bookworm', 'trixie'] as const) {
  test.serial(`the README's second command passes on a bare Debian ${release}, as root and then as another user`, t => {
    t.timeout(3 * 60 * 60_000)
    const root = bareRoot(t, release)
    const command = commandIn(t, /^npm ci && .* npm test$/m)
    for (const user of ['root', USER]) t.notThrows(() => inBareRoot(root, user, `cd clone && ${command}`))
  })
}

test.serial("the README's first command and all tests pass on a bare Debian 13 with its own Node.js", async t => {
  t.timeout(2 * 60 * 60_000)
  const root = bareRoot(t, 'trixie')
  const command = commandIn(t, /^npm ci && \.\/netns\.ts setup && .*$/m)
  const all = ['namespaces', 'embedded'].map(kind => `./netns.ts test all --cluster ${kind} --stop >all-${kind}.log`)
  for (const user of ['root', USER])
    t.notThrows(() => inBareRoot(root, user, ['cd clone', command, ...all].join(' && ')))
  const own = path.join(root, 'own')
  const image = await ensureImage({ cacheDirectory: own, onProgress: line => t.log(line) })
  const digests = ['root/.cache/xcluster-netns', `home/${USER}/.cache/xcluster-netns`, 'own'].map(cache => {
    const directory = path.join(root, cache, path.basename(image.directory))
    return ['initrd', 'root.squashfs', 'vmlinux'].map(file => digestOf(path.join(directory, file)))
  })
  t.deepEqual(digests[0], digests[1], 'root and another user built the same image')
  t.deepEqual(digests[0], digests[2], 'this host built the same image')
})

/** Takes some GiB, and must not be mounted noexec: $TMPDIR selects another place. */
function bareRoot(t: ExecutionContext, release: 'bookworm' | 'trixie'): string {
  t.is(process.getuid?.(), 0, 'only root can make a root directory')
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bare-'))
  t.teardown(() => fs.rmSync(root, { recursive: true, force: true }))
  makeBareRoot(root, release)
  return root
}

/** A command of the README. */
function commandIn(t: ExecutionContext, pattern: RegExp): string {
  const command = pattern.exec(fs.readFileSync(README, 'utf8'))?.[0] ?? ''
  t.not(command, '')
  return command
}

const digestOf = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex')
