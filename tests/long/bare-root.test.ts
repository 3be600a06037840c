import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import test from 'ava'
import { inBareRoot, makeBareRoot, USER } from './bare-root.ts'

const README = path.resolve(import.meta.dirname, '../../README.md')

test("the README's second command passes on a bare Debian, as root and then as another user", t => {
  t.is(process.getuid?.(), 0, 'only root can make a root directory')
  t.timeout(3 * 60 * 60_000)
  const command = /^npm ci && .* npm test$/m.exec(fs.readFileSync(README, 'utf8'))?.[0] ?? ''
  t.not(command, '')
  // Takes some GiB, and must not be mounted noexec: $TMPDIR selects another place.
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bare-'))
  t.teardown(() => fs.rmSync(root, { recursive: true, force: true }))
  makeBareRoot(root, 'bookworm')
  for (const user of ['root', USER]) t.notThrows(() => inBareRoot(root, user, `cd clone && ${command}`))
})

test("the README's first command passes on a bare Debian 13 with its own Node.js, as root and as another user", t => {
  t.is(process.getuid?.(), 0, 'only root can make a root directory')
  t.timeout(60 * 60_000)
  const command = /^npm ci && \.\/netns\.ts setup && .*$/m.exec(fs.readFileSync(README, 'utf8'))?.[0] ?? ''
  t.not(command, '')
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bare-'))
  t.teardown(() => fs.rmSync(root, { recursive: true, force: true }))
  makeBareRoot(root, 'trixie')
  for (const user of ['root', USER]) t.notThrows(() => inBareRoot(root, user, `cd clone && ${command}`))
  const image = (home: string) => {
    const cache = path.join(root, home, '.cache/xcluster-netns')
    const [name = ''] = fs.readdirSync(cache).filter(entry => entry.startsWith('image-'))
    return ['initrd', 'root.squashfs', 'vmlinux'].map(file => digestOf(path.join(cache, name, file)))
  }
  t.deepEqual(image('root'), image(`home/${USER}`), 'both built the same image')
})

const digestOf = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex')
