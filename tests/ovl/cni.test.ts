import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type CniSource, findCni, listPlugins, readCni, requireCni } from '../../scripts/ovl/cni.ts'
import { readPacking } from '../../scripts/settings/packing.ts'
import { elf, failureOf, MACHINE, paxHeader, temporaryDirectory, writeTgz } from './fixtures/archives.ts'

const plugin = elf(MACHINE.amd64, 3000)
const release = 'cni-plugins-linux-amd64-v1.6.2.tgz'

/** Search locations, all below one temporary directory. */
function places(t: ExecutionContext) {
  const home = temporaryDirectory(t)
  const downloads = path.join(home, 'Downloads')
  const installed = path.join(home, 'installed')
  fs.mkdirSync(downloads)
  fs.mkdirSync(installed)
  const packing = { ...readPacking({}, { HOME: home }), cniDirectories: [path.join(home, 'missing'), installed] }
  return { home, downloads, installed, packing }
}

const archive = (place: string): CniSource => ({ place, version: 'v1', isArchive: true })
const directory = (place: string): CniSource => ({ place, version: 'v1', isArchive: false })
const read = async (source: CniSource) => (await readCni(source, 'amd64')).map(member => member.path)

test('prefers given plugins to a release archive, and that to installed plugins', t => {
  const { home, downloads, installed, packing } = places(t)
  t.is(findCni(packing, 'amd64'), undefined)
  fs.writeFileSync(path.join(installed, 'bridge'), plugin)
  t.deepEqual(findCni(packing, 'amd64'), { place: installed, version: 'as installed', isArchive: false })
  const file = writeTgz(downloads, [], release)
  writeTgz(downloads, [], 'cni-plugins-linux-arm64-v1.7.0.tgz')
  t.deepEqual(findCni(packing, 'amd64'), { place: file, version: 'v1.6.2', isArchive: true })
  const given = writeTgz(home, [], 'mine.tgz')
  t.deepEqual(findCni({ ...packing, cni: given }, 'amd64'), {
    place: given,
    version: 'version unknown',
    isArchive: true,
  })
  t.like(findCni({ ...packing, cni: installed }, 'amd64'), { place: installed, isArchive: false })
  t.like(findCni({ ...packing, cni: file }, 'amd64'), { version: 'v1.6.2' })
})

test('lists the plugins for the architecture of the guests', async t => {
  const { downloads, packing } = places(t)
  const member = (name: string, machine: number) => [{ name, content: elf(machine), mode: 0o755 }]
  writeTgz(downloads, member('bridge', MACHINE.amd64), release)
  const file = writeTgz(downloads, member('ptp', MACHINE.arm64), 'cni-plugins-linux-arm64-v1.6.2.tgz')
  t.deepEqual(await listPlugins({ ...packing, architecture: 'arm64' }), { names: ['ptp'], place: file })
})

test('reports given plugins that do not exist', async t => {
  const { home, packing } = places(t)
  const failure = await failureOf(() => findCni({ ...packing, cni: path.join(home, 'none.tgz') }, 'amd64'))
  t.is(failure.code, 'NO_SUCH_CNI')
  t.is(failure.exitCode, 2)
  t.regex(failure.message, /--cni .*none\.tgz/)
})

test('fails without plugins for a test that needs them', async t => {
  const { installed, packing } = places(t)
  const failure = await failureOf(() => requireCni(packing))
  t.is(failure.code, 'NO_CNI')
  t.is(failure.exitCode, 3)
  t.true(failure.message.includes(installed), failure.message)
  t.regex(failure.hint ?? '', /containernetworking-plugins/)
  fs.writeFileSync(path.join(installed, 'bridge'), plugin)
  t.notThrows(() => requireCni(packing))
})

test('packs the programs at the top of an archive', async t => {
  const file = writeTgz(temporaryDirectory(t), [
    { name: './', type: '5' },
    { name: './bridge', content: plugin },
    { name: './host-local', content: plugin },
    { name: './own-script', content: '#!/bin/sh\nexit 1\n' },
    { name: './LICENSE', content: 'text', mode: 0o755 },
    { name: './no-mode', content: plugin, mode: 0o644 },
    { name: './bad name', content: plugin },
    { name: './-rf', content: plugin },
    { name: './.hidden', content: plugin },
    { name: './sub/bridge', content: plugin },
  ])
  t.deepEqual(await read(archive(file)), ['opt/cni/bin/bridge', 'opt/cni/bin/host-local', 'opt/cni/bin/own-script'])
})

test('packs the programs of a directory, also through links, and ignores everything else', async t => {
  const { installed } = places(t)
  fs.writeFileSync(path.join(installed, 'bridge'), plugin, { mode: 0o755 })
  fs.writeFileSync(path.join(installed, 'README'), 'text', { mode: 0o755 })
  fs.writeFileSync(path.join(installed, 'library'), plugin, { mode: 0o644 })
  fs.symlinkSync('bridge', path.join(installed, 'link'))
  fs.symlinkSync('nowhere', path.join(installed, 'dangling'))
  fs.mkdirSync(path.join(installed, 'sub'))
  execFileSync('mkfifo', [path.join(installed, 'pipe')])
  t.deepEqual(await read(directory(installed)), ['opt/cni/bin/bridge', 'opt/cni/bin/link'])
})

test('refuses another architecture, and names archive and plugin', async t => {
  const { installed, downloads } = places(t)
  const foreign = elf(MACHINE.arm64)
  fs.writeFileSync(path.join(installed, 'bridge'), foreign, { mode: 0o755 })
  const file = writeTgz(downloads, [
    { name: 'aaa', content: plugin },
    { name: 'bridge', content: foreign },
  ])
  for (const source of [directory(installed), archive(file)]) {
    const failure = await failureOf(readCni(source, 'amd64'))
    t.is(failure.code, 'WRONG_ARCHITECTURE')
    t.is(failure.message, `${source.place}: bridge: is for arm64, but the VMs are amd64`)
  }
})

test('refuses a source without plugins', async t => {
  const { installed, downloads } = places(t)
  for (const source of [directory(installed), archive(writeTgz(downloads, [{ name: 'LICENSE', content: 'x' }]))]) {
    const failure = await failureOf(readCni(source, 'amd64'))
    t.is(failure.code, 'NO_PLUGINS')
    t.is(failure.exitCode, 1)
    t.true(failure.message.includes(source.place))
  }
})

test("refuses a plugin name that is too long for a VM's tar, and names the archive", async t => {
  const { home } = places(t)
  const long = 'x'.repeat(101)
  const failure = await failureOf(
    readCni(archive(writeTgz(home, [paxHeader({ path: long }), { name: 'x', content: plugin }])), 'amd64'),
  )
  t.is(failure.code, 'NAME_TOO_LONG')
  t.is(failure.exitCode, 1)
  t.true(failure.message.startsWith(home), failure.message)
  const longest = writeTgz(home, [{ name: 'x'.repeat(100), content: plugin }])
  t.is((await read(archive(longest)))[0]?.length, 112)
})
