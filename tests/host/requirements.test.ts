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

test('names missing commands, their packages and the command that installs them', t => {
  const error = t.throws(() => requireCommands([command('no-such'), command('neither')], {}), { code: 'HOST_LACKS' })
  t.is(error?.message, 'this host lacks no-such (package of-no-such), neither (package of-neither)')
  t.like(error, { exitCode: 3, hint: 'run: ./netns.ts setup' })
})
