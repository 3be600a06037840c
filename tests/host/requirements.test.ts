import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { missing, requireCommands } from '../../scripts/host/requirements.ts'

const command = (name: string) => ({ command: name, package: `of-${path.basename(name)}` })

test("finds commands on PATH and in the directories of administrators' commands", t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-path-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  fs.writeFileSync(path.join(directory, 'mine'), '', { mode: 0o755 })
  fs.writeFileSync(path.join(directory, 'text'), '', { mode: 0o644 })
  fs.mkdirSync(path.join(directory, 'directory'))
  const requirements = ['mine', 'text', 'directory', 'other', path.join(directory, 'text'), '/no/such/file'].map(
    command,
  )
  t.deepEqual(
    missing(requirements, { PATH: `/nowhere:${directory}` }).map(({ command: name }) => name),
    ['text', 'directory', 'other', '/no/such/file'],
  )
  t.deepEqual(missing([command('chroot')], { PATH: directory }), [], 'in /usr/sbin, which is not on PATH')
})

test('does not count the applets of busybox, which lack options', t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-path-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const [bin, sbin] = ['bin', 'sbin'].map(name => path.join(directory, name)) as [string, string]
  for (const place of [bin, sbin]) fs.mkdirSync(place)
  fs.writeFileSync(path.join(bin, 'busybox'), '', { mode: 0o755 })
  for (const name of ['my-find', 'my-flock', 'my-setpriv']) fs.symlinkSync('busybox', path.join(bin, name))
  // As a package of util-linux that has been installed, too.
  fs.writeFileSync(path.join(sbin, 'my-flock'), '', { mode: 0o755 })
  const requirements = ['busybox', 'my-find', 'my-flock', 'my-setpriv'].map(command)
  const error = t.throws(() => requireCommands(requirements, { PATH: `${bin}:${sbin}` }), { code: 'HOST_LACKS' })
  t.is(error?.message, 'this host lacks my-find (package of-my-find), my-setpriv (package of-my-setpriv)')
})

test('names missing commands, their packages and the command that installs them', t => {
  const error = t.throws(() => requireCommands([command('no-such'), command('neither')], {}), { code: 'HOST_LACKS' })
  t.is(error?.message, 'this host lacks no-such (package of-no-such), neither (package of-neither)')
  t.like(error, { exitCode: 3, hint: 'run: ./netns.ts setup' })
})
