import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { bundled } from '../../scripts/launch/bundle.mjs'

const TOP = path.resolve(import.meta.dirname, '../..')

/** A checkout with the packages of this one, and a place of its own for what is kept beside them. */
function checkout(t: ExecutionContext) {
  const top = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bundle-')))
  t.teardown(() => fs.rmSync(top, { recursive: true, force: true }))
  for (const name of ['netns.ts', 'tar.ts', 'scripts', 'ovl', 'package.json', 'package-lock.json'])
    fs.cpSync(path.join(TOP, name), path.join(top, name), { recursive: true })
  fs.mkdirSync(path.join(top, 'node_modules'))
  for (const name of fs.readdirSync(path.join(TOP, 'node_modules'))) {
    if (name.startsWith('.')) continue
    fs.symlinkSync(path.join(TOP, 'node_modules', name), path.join(top, 'node_modules', name))
  }
  const kept = () => fs.readdirSync(path.join(top, 'node_modules/.cache/xcluster-netns'))
  const list = () => spawnSync(path.join(top, 'netns.ts'), ['test', '--list'], { encoding: 'utf8' })
  return { top, program: path.join(top, 'netns.ts'), kept, list }
}

test('programs are joined once, and again when a source is another; what they find beside them is there', async t => {
  const { top, program, kept } = checkout(t)
  const file = (await bundled(top, program)) as string
  t.is(await bundled(top, program), file)
  t.is(kept().length, 1)
  const run = (...words: string[]) => spawnSync(process.execPath, [file, ...words], { encoding: 'utf8', cwd: '/' })
  t.regex(run('test', '--list').stdout, /^bridge +PODs on a Linux bridge/m)
  const packed = path.join(top, 'ovl.tar')
  const { status, stderr } = run('tar', packed)
  t.is(status, 0, stderr)
  t.true(fs.readFileSync(packed).includes('bin/netns_test'))
  const source = path.join(top, 'scripts/cases/bridge.ts')
  fs.writeFileSync(source, fs.readFileSync(source, 'utf8').replace('PODs on a Linux bridge', 'PODs on another bridge'))
  const other = (await bundled(top, program)) as string
  t.not(other, file)
  t.regex(spawnSync(process.execPath, [other, 'test', '--list'], { encoding: 'utf8' }).stdout, /PODs on another bridge/)
})

test('runs at the same time join them once, and where nothing can be kept it runs all the same', async t => {
  const { top, program, kept, list } = checkout(t)
  const runs = [1, 2, 3].map(() => spawn(program, ['test', '--list'], { stdio: 'ignore' }))
  for (const [code] of await Promise.all(runs.map(run => once(run, 'close')))) t.is(code, 0)
  if (!('typescript' in process.features)) t.is(kept().length, 1)
  fs.rmSync(path.join(top, 'node_modules/.cache'), { recursive: true, force: true })
  fs.writeFileSync(path.join(top, 'node_modules/.cache'), '')
  t.is(await bundled(top, program), undefined)
  const { status, stdout } = list()
  t.is(status, 0)
  t.regex(stdout, /^bridge /m)
})
