import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { bundled } from '../../scripts/launch/bundle.mjs'
import { checkout } from './checkout.ts'

test.serial('programs are joined once, and again when a source changed; they find what is beside them', async t => {
  const { top, program, kept } = checkout(t)
  const file = (await bundled(top, program)) as string
  t.is(await bundled(top, program), file)
  t.is(kept().length, 1)
  const run = (...words: string[]) => spawnSync(process.execPath, [file, ...words], { encoding: 'utf8', cwd: '/' })
  t.regex(run('test', '--list', '--verbose').stdout, /^bridge +PODs on a Linux bridge/m)
  const packed = path.join(top, 'ovl.tar')
  const { status, stderr } = run('tar', packed)
  t.is(status, 0, stderr)
  t.true(fs.readFileSync(packed).includes('bin/netns_test'))
  const source = path.join(top, 'scripts/connections/bridge/definition.ts')
  fs.writeFileSync(source, fs.readFileSync(source, 'utf8').replace('PODs on a Linux bridge', 'PODs on another bridge'))
  const other = (await bundled(top, program)) as string
  t.not(other, file)
  t.regex(
    spawnSync(process.execPath, [other, 'test', '--list', '--verbose'], { encoding: 'utf8' }).stdout,
    /PODs on another bridge/,
  )
})

test.serial('runs at the same time join them once, and where nothing can be kept it runs all the same', async t => {
  const { top, program, kept, list } = checkout(t)
  const runs = [1, 2, 3].map(() => spawn(program, ['test', '--list'], { stdio: 'ignore' }))
  for (const [code] of await Promise.all(runs.map(run => once(run, 'close')))) t.is(code, 0)
  if (!('typescript' in process.features)) t.is(kept().length, 1)
  fs.rmSync(path.join(top, 'node_modules/.cache'), { recursive: true, force: true })
  fs.writeFileSync(path.join(top, 'node_modules/.cache'), '')
  process.env.XDG_CACHE_HOME = '/proc/nothing'
  t.is(await bundled(top, program), undefined)
  const { status, stdout } = list()
  t.is(status, 0)
  t.regex(stdout, /^bridge$/m)
})
