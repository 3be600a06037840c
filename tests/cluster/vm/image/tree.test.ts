import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { readDebName } from '../../../../scripts/cluster/vm/image/deb-names.ts'
import { alternativesIn } from '../../../../scripts/cluster/vm/image/maintainer-scripts.ts'
import { packageVersions } from '../../../../scripts/cluster/vm/image/packages.ts'
import {
  busyboxApplets,
  copyGuestFiles,
  linkIfFree,
  normalizeModes,
  separateFromUsr,
  tidyTree,
} from '../../../../scripts/cluster/vm/image/tree.ts'
import { tool } from '../../../needs.ts'

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

test('reads names and versions from package file names', t => {
  const files = ['lock', 'partial', 'jq_1.6-2.1_amd64.deb', 'busybox-static_1%3a1.35.0-4+b1_amd64.deb']
  t.deepEqual(packageVersions(files), { 'busybox-static': '1:1.35.0-4+b1', jq: '1.6-2.1' })
  t.deepEqual(readDebName('var/cache/jq_1.6-2.1_arm64.deb'), { name: 'jq', version: '1.6-2.1' })
  for (const file of ['jq_1.6.deb', 'jq_1.6-2.1_amd64.deb.part', 'jq.deb']) t.is(readDebName(file), undefined, file)
})

test('makes modes independent of the user who builds the image, and of the umask', t => {
  const root = scratch(t)
  put(root, 'bin/su', 0o755)
  put(root, 'bin/private', 0o600)
  put(root, 'lib/modules/6.1/modules.dep', 0o600)
  fs.chmodSync(path.join(root, 'bin/su'), 0o4755)
  fs.chmodSync(path.join(root, 'lib'), 0o2770)
  fs.symlinkSync('/nowhere', path.join(root, 'bin/broken'))
  normalizeModes(root)
  const mode = (name: string) => (fs.statSync(path.join(root, name)).mode & 0o7777).toString(8)
  t.deepEqual(['bin/su', 'bin/private', 'lib/modules/6.1/modules.dep', 'lib'].map(mode), ['755', '600', '644', '755'])
})

test("removes the host's name and resolver, which mmdebstrap copies", t => {
  const root = scratch(t)
  for (const name of ['etc/hostname', 'etc/resolv.conf', 'etc/apt/sources.list', 'etc/fstab']) put(root, name)
  tidyTree(root)
  t.deepEqual(fs.readdirSync(path.join(root, 'etc')), ['fstab', 'resolv.conf'])
  t.is(fs.readFileSync(path.join(root, 'etc/resolv.conf'), 'utf8'), '')
})

test('finds the applets of busybox without running it, as it prints them', t => {
  const program = fs.readFileSync(
    execFileSync('sh', ['-c', `command -v ${tool('busybox')}`], { encoding: 'utf8' }).trim(),
  )
  t.deepEqual(
    busyboxApplets(program),
    execFileSync(tool('busybox'), ['--list'], { encoding: 'utf8' }).trim().split('\n'),
  )
  t.throws(() => busyboxApplets(Buffer.from('[\0[[\0acpid\0\0')), { code: 'NO_PACKAGES' })
})

test('creates the links of update-alternatives that maintainer scripts would create, unless something has the name', t => {
  const script = `set -e
if [ "$1" = configure ]; then
  update-alternatives --install /usr/sbin/ovs-vswitchd ovs-vswitchd /usr/lib/openvswitch-switch/ovs-vswitchd 100 \\
    --slave /usr/share/x.1 x.1 /usr/share/y.1
  update-alternatives --install $LINK name $TARGET 10
fi`
  t.deepEqual(alternativesIn(script), [
    { link: '/usr/sbin/ovs-vswitchd', target: '/usr/lib/openvswitch-switch/ovs-vswitchd' },
    { link: '/usr/share/x.1', target: '/usr/share/y.1' },
  ])
  const root = scratch(t)
  put(root, 'usr/sbin/taken')
  linkIfFree(root, '/usr/sbin/taken', '/other')
  linkIfFree(root, '/usr/sbin/free', '/other')
  t.true(fs.lstatSync(path.join(root, 'usr/sbin/taken')).isFile())
  t.is(fs.readlinkSync(path.join(root, 'usr/sbin/free')), '/other')
})
