import { spawn, spawnSync } from 'node:child_process'
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
