import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { packOvl } from '../../scripts/ovl/packed.ts'
import { readPacking } from '../../scripts/settings/packing.ts'
import { elf, MACHINE, temporaryDirectory } from './fixtures/archives.ts'

const MACHINE_HERE = process.arch === 'arm64' ? MACHINE.arm64 : MACHINE.amd64

/** A home with a directory of plugins and a cache directory. */
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
  const cached = () => fs.readdirSync(cache).filter(name => name.startsWith('ovl-'))
  return { directory, plugins, cache, pack, cached }
}

/** Positions at which two archives of the same length differ. */
function differences(a: Buffer, b: Buffer): readonly number[] {
  return [...a.keys()].filter(index => a[index] !== b[index])
}

test('reuses a cached archive, with the random addresses of the given seed, and the same notices', async t => {
  const { pack, cached, plugins } = home(t)
  const first = await pack('1')
  const [name] = cached()
  t.truthy(name)
  // The key contains the stamps of the sources, not their content.
  const other = await pack('2')
  const again = await pack('1')
  t.true(again.bytes.equals(first.bytes))
  t.deepEqual(again.lines, first.lines)
  t.regex(first.lines.join('\n'), new RegExp(`cni: 1 plugin, .* from ${plugins}`))
  t.deepEqual(cached(), [name as string])
  const changed = differences(first.bytes, other.bytes)
  const text = first.bytes.indexOf('etc/rnd-addresses') + 512
  t.true(changed.length > 0)
  t.true(changed.every(index => index >= text && index < text + 2 * 512))
})

test('an archive has the same bytes with and without a cache; no home is created', async t => {
  const { pack, cache, directory } = home(t)
  const nowhere = path.join(directory, 'none/.cache/xcluster-netns')
  const uncached = await pack('7', nowhere)
  t.is(uncached.key, undefined)
  t.false(fs.existsSync(path.join(directory, 'none')))
  t.true((await pack('7', cache)).bytes.equals(uncached.bytes))
  // A file instead of the cache directory.
  const blocked = path.join(directory, 'file')
  fs.writeFileSync(blocked, '')
  t.true((await pack('7', path.join(blocked, 'xcluster-netns'))).bytes.equals(uncached.bytes))
})

test('packs again when plugins are added or their content or mode changes', async t => {
  const { pack, plugins, cached } = home(t)
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
  t.is(cached().length, 4)
})

test('packs again when the cached archive was modified', async t => {
  const { pack, cached, cache } = home(t)
  const { bytes } = await pack()
  const file = path.join(cache, cached()[0] as string, 'ovl.tar')
  fs.writeFileSync(file, Buffer.alloc(bytes.length))
  t.true((await pack()).bytes.equals(bytes))
})
