import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { bundled } from '../../scripts/launch/bundle.mjs'
import { isCovered } from '../coverage.ts'
import { checkout } from './checkout.ts'

test.serial(
  'bundles the programs once per state of the sources; a bundle finds the files of the repository',
  async t => {
    const { top, program, bundles } = checkout(t)
    const file = (await bundled(top, program)) as string
    t.is(await bundled(top, program), file)
    t.is(bundles().length, 1)
    const run = (...words: string[]) => spawnSync(process.execPath, [file, ...words], { encoding: 'utf8', cwd: '/' })
    t.regex(run('test', '--list', '--verbose').stdout, /^bridge +PODs on a Linux bridge/m)
    const packed = path.join(top, 'ovl.tar')
    const { status, stderr } = run('tar', packed)
    t.is(status, 0, stderr)
    t.true(fs.readFileSync(packed).includes('bin/netns_test'))
    const source = path.join(top, 'scripts/connections/bridge/definition.ts')
    fs.writeFileSync(
      source,
      fs.readFileSync(source, 'utf8').replace('PODs on a Linux bridge', 'PODs on another bridge'),
    )
    const other = (await bundled(top, program)) as string
    t.not(other, file)
    t.regex(
      spawnSync(process.execPath, [other, 'test', '--list', '--verbose'], { encoding: 'utf8' }).stdout,
      /PODs on another bridge/,
    )
  },
)

const bundlesPrograms = isCovered ? test.serial.skip : test.serial

bundlesPrograms('caches compiled code per command, replaces it when a run compiles more, and ignores damage', t => {
  if ('typescript' in process.features) return t.pass('Node.js runs the sources')
  const { top, program, bundles } = checkout(t)
  const run = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' })
    t.deepEqual([status, stderr], [0, ''])
    return stdout
  }
  const help = run('--help')
  const directory = path.join(top, 'node_modules/.cache/xcluster-netns', bundles()[0] as string)
  const caches = () => fs.readdirSync(directory).filter(name => name.includes('.cache'))
  t.deepEqual(caches(), ['netns.cjs.help.cache'])
  const cache = path.join(directory, 'netns.cjs.help.cache')
  const written = fs.statSync(cache)
  t.is(run('--help'), help)
  t.is(fs.statSync(cache).ino, written.ino)
  run('test', '--list')
  t.deepEqual(caches().toSorted(), ['netns.cjs.help.cache', 'netns.cjs.test.cache'])
  /** As a run would write it that compiled less or more. */
  const compiledBefore = (bytes: number) => {
    const data = fs.readFileSync(cache).subarray(32)
    data.writeDoubleLE(bytes)
    fs.writeFileSync(cache, Buffer.concat([createHash('sha256').update(data).digest(), data]))
  }
  const compiled = () => fs.readFileSync(cache).readDoubleLE(32)
  compiledBefore(1e9)
  run('--help')
  t.is(compiled(), 1e9)
  compiledBefore(1e3)
  run('--help')
  t.true(compiled() > 1e3)
  for (const damage of ['', 'short', fs.readFileSync(cache).fill(7, 5000, 6000)]) {
    fs.writeFileSync(cache, damage)
    t.is(run('--help'), help)
    t.true(fs.statSync(cache).size > 100_000)
  }
  t.is(caches().length, 2)
})

bundlesPrograms('concurrent runs bundle once; a run without a writable cache works, too', async t => {
  const { top, program, bundles, list } = checkout(t)
  const runs = [1, 2, 3].map(() => spawn(program, ['test', '--list'], { stdio: 'ignore' }))
  for (const [code] of await Promise.all(runs.map(run => once(run, 'close')))) t.is(code, 0)
  if (!('typescript' in process.features)) t.is(bundles().length, 1)
  fs.rmSync(path.join(top, 'node_modules/.cache'), { recursive: true, force: true })
  fs.writeFileSync(path.join(top, 'node_modules/.cache'), '')
  process.env.XDG_CACHE_HOME = '/proc/nothing'
  t.is(await bundled(top, program), undefined)
  const { status, stdout } = list()
  t.is(status, 0)
  t.regex(stdout, /^bridge$/m)
})
