import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { packageVersions } from '../../../../scripts/cluster/vm/image/packages.ts'
import { copyGuestFiles, separateFromUsr, tidyTree } from '../../../../scripts/cluster/vm/image/tree.ts'

function scratch(t: ExecutionContext): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-tree-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  return directory
}

function put(root: string, name: string, mode = 0o644): void {
  fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
  fs.writeFileSync(path.join(root, name), name, { mode })
}

for (const how of ['without', 'with'] as const) {
  test(`creates directories for ovl commands in a root merged into /usr ${how} links`, t => {
    const root = scratch(t)
    put(root, 'usr/bin/busybox', 0o755)
    put(root, 'usr/lib/modules/6.1/modules.dep')
    if (how === 'with') for (const name of ['bin', 'lib']) fs.symlinkSync(`usr/${name}`, path.join(root, name))
    separateFromUsr(root)
    t.true(fs.lstatSync(path.join(root, 'bin')).isDirectory())
    t.is(fs.readFileSync(path.join(root, 'bin/busybox'), 'utf8'), 'usr/bin/busybox')
    t.deepEqual(fs.readdirSync(path.join(root, 'lib/modules')), ['6.1'])
  })
}

test('leaves a root with real directories unchanged', t => {
  const root = scratch(t)
  put(root, 'bin/sh')
  put(root, 'usr/bin/env')
  separateFromUsr(root)
  t.deepEqual(fs.readdirSync(path.join(root, 'bin')), ['sh'])
})

test('replaces package files with guest files, with modes independent of the umask', t => {
  const [from, to] = [scratch(t), scratch(t)]
  put(from, 'etc/netns/boot', 0o700)
  put(from, 'etc/profile', 0o600)
  put(to, 'usr/share/profile')
  fs.mkdirSync(path.join(to, 'etc'))
  fs.symlinkSync('../usr/share/profile', path.join(to, 'etc/profile'))
  copyGuestFiles(from, to)
  t.is(fs.statSync(path.join(to, 'etc/netns/boot')).mode & 0o777, 0o755)
  t.is(fs.lstatSync(path.join(to, 'etc/profile')).mode & 0o777, 0o644)
  t.is(fs.readFileSync(path.join(to, 'usr/share/profile'), 'utf8'), 'usr/share/profile', 'no link was followed')
})

test('creates mount points, and removes the files of apt', t => {
  const root = scratch(t)
  put(root, 'var/lib/dpkg/status')
  put(root, 'boot/config')
  tidyTree(root)
  t.false(fs.existsSync(path.join(root, 'var/lib/dpkg')))
  t.false(fs.existsSync(path.join(root, 'boot')))
  t.is(fs.statSync(path.join(root, 'tmp')).mode & 0o7777, 0o1777)
  t.is(fs.statSync(path.join(root, 'root')).mode & 0o7777, 0o700)
  t.is(fs.readlinkSync(path.join(root, 'var/run')), '/run')
})

test('reads versions from package file names', t => {
  const files = ['lock', 'partial', 'jq_1.6-2.1_amd64.deb', 'busybox-static_1%3a1.35.0-4+b1_amd64.deb']
  t.deepEqual(packageVersions(files), { 'busybox-static': '1:1.35.0-4+b1', jq: '1.6-2.1' })
})
