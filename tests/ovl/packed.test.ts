import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { packOvl } from '../../scripts/ovl/packed.ts'
import { readPacking } from '../../scripts/settings/packing.ts'
import { elf, MACHINE, temporaryDirectory } from './fixtures/archives.ts'

const MACHINE_HERE = process.arch === 'arm64' ? MACHINE.arm64 : MACHINE.amd64

/** A home with a directory of plugins and a place for a cache. */
function home(t: ExecutionContext) {
  const directory = temporaryDirectory(t)
  const plugins = path.join(directory, 'plugins')
  const cache = path.join(directory, '.cache/xcluster-netns')
  fs.mkdirSync(plugins)
  fs.writeFileSync(path.join(plugins, 'bridge'), elf(MACHINE_HERE, 3_000_000), { mode: 0o755 })
  const pack = async (seed = '1', cacheDirectory = cache) => {
    const lines: string[] = []
    const packing = readPacking({ cni: plugins, seed }, { HOME: directory })
    const ovl = await packOvl(packing, cacheDirectory, line => lines.push(line))
    return { key: ovl.key, bytes: Buffer.concat([...ovl.blocks()]), lines }
  }
  const kept = () => fs.readdirSync(cache).filter(name => name.startsWith('ovl-'))
  return { directory, plugins, cache, pack, kept }
}

/** Where two archives of one length differ. */
function differences(a: Buffer, b: Buffer): readonly number[] {
  return [...a.keys()].filter(index => a[index] !== b[index])
}

test('what was packed is taken again, with the random addresses of its own seed, and the same words', async t => {
  const { pack, kept, plugins } = home(t)
  const first = await pack('1')
  const [name] = kept()
  t.truthy(name)
  // The stamp of a file counts, so that what was packed is not read again: a reader would fail now.
  const other = await pack('2')
  const again = await pack('1')
  t.true(again.bytes.equals(first.bytes))
  t.deepEqual(again.lines, first.lines)
  t.regex(first.lines.join('\n'), new RegExp(`cni: 1 plugin, .* from ${plugins}`))
  t.deepEqual(kept(), [name as string])
  const changed = differences(first.bytes, other.bytes)
  const text = first.bytes.indexOf('etc/rnd-addresses') + 512
  t.true(changed.length > 0)
  t.true(changed.every(index => index >= text && index < text + 2 * 512))
})

test('with and without a cache an archive has the same bytes; no home is made for it', async t => {
  const { pack, cache, directory } = home(t)
  const nowhere = path.join(directory, 'none/.cache/xcluster-netns')
  const unkept = await pack('7', nowhere)
  t.is(unkept.key, undefined)
  t.false(fs.existsSync(path.join(directory, 'none')))
  t.true((await pack('7', cache)).bytes.equals(unkept.bytes))
  // A file where the directory should be.
  const blocked = path.join(directory, 'file')
  fs.writeFileSync(blocked, '')
  t.true((await pack('7', path.join(blocked, 'xcluster-netns'))).bytes.equals(unkept.bytes))
})

test('another plugin, or the same with other content or rights, is packed', async t => {
  const { pack, plugins, kept } = home(t)
  const keys = [(await pack()).key]
  const bridge = path.join(plugins, 'bridge')
  const { atime, mtime } = fs.statSync(bridge)
  fs.writeFileSync(bridge, elf(MACHINE_HERE, 3_000_000).fill(9, 100))
  fs.utimesSync(bridge, atime, mtime)
  const altered = await pack()
  keys.push(altered.key)
  t.true(altered.bytes.includes(Buffer.alloc(1000, 9)))
  fs.writeFileSync(path.join(plugins, 'host-local'), elf(MACHINE_HERE), { mode: 0o755 })
  const more = await pack()
  keys.push(more.key)
  t.true(more.bytes.includes('opt/cni/bin/host-local'))
  fs.chmodSync(path.join(plugins, 'host-local'), 0o644)
  const fewer = await pack()
  keys.push(fewer.key)
  t.false(fewer.bytes.includes('opt/cni/bin/host-local'))
  t.is(new Set(keys).size, 4)
  t.is(kept().length, 4)
})

test('what was altered in the cache is packed anew', async t => {
  const { pack, kept, cache } = home(t)
  const { bytes } = await pack()
  const file = path.join(cache, kept()[0] as string, 'ovl.tar')
  fs.writeFileSync(file, Buffer.alloc(bytes.length))
  t.true((await pack()).bytes.equals(bytes))
})
