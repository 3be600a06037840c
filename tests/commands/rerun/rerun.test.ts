import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { repeatRun } from '../../../scripts/commands/rerun/rerun.ts'

const again = (place: string) =>
  repeatRun(place, {}, { reporters: [], writtenAs: option => option }, {}, new AbortController().signal)

test('refuses an invalid results.json by name', async t => {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-rerun-'))
  t.teardown(() => fs.rmSync(place, { recursive: true }))
  const file = path.join(place, 'results.json')
  await t.throwsAsync(again(place), { code: 'NO_RESULTS', message: new RegExp(file) })
  const invocation = { command: [], directory: '/', words: [], options: {}, ovls: [] }
  for (const [text, says] of [
    ['no JSON', /is not a results.json/],
    ['[]', /is not a results.json/],
    [JSON.stringify({ version: 1, tests: [] }), /is not a results.json/],
    [JSON.stringify({ version: 2, invocation, tests: [] }), /has version 2, but this program reads 1/],
  ] as const) {
    fs.writeFileSync(file, text)
    await t.throwsAsync(again(place), { code: 'BAD_RESULTS', message: says })
    const error = await t.throwsAsync(again(file), { code: 'BAD_RESULTS' })
    t.like(error, { exitCode: 2 })
  }
})

test('restores settings and seed in any directory; results and reporters are those of this call', t => {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-rerun-'))
  t.teardown(() => fs.rmSync(place, { recursive: true }))
  const call = (directory: string, environment: Record<string, string>, ...words: string[]) => {
    fs.mkdirSync(directory, { recursive: true })
    const env = { PATH: process.env.PATH, HOME: place, ...environment }
    return spawnSync(path.resolve('netns.ts'), words, { cwd: directory, env, encoding: 'utf8' })
  }
  // Without a cluster, the run ends before its start, and every report contains that.
  const then = { xcluster_NPODS: '7', xcluster_ONLY: 'then', SOURCE_DATE_EPOCH: '86400' }
  const words = [
    '--nvm=3',
    '--mem2=300',
    '--no-start',
    '--cni',
    'plugins',
    '--results',
    'one',
    '--reporter',
    'tap=one/run.tap',
    '--reporter=json',
  ]
  const first = call(`${place}/a`, then, 'test', 'bridge', 'L2', 'bridge', ...words)
  t.is(first.status, 3, first.stderr)
  t.deepEqual(JSON.parse(first.stdout.split('\n')[0] ?? '').tests, ['bridge', 'L2'], 'each once')
  t.regex(fs.readFileSync(`${place}/a/one/run.tap`, 'utf8'), /Bail out! no cluster 'default' is running/)
  const now = { xcluster_NPODS: '9', xcluster_MORE: 'now', __nvm: '4', XCLUSTER_NETNS_REPORTER: 'tap' }
  const second = call(`${place}/b`, now, 'rerun', '../a/one', '--results', 'two', '--repeat', '2')
  t.is(second.status, 3, second.stderr)
  t.true(second.stdout.startsWith('TAP version 14'))
  const settingsOf = (file: string) => {
    const { tests } = JSON.parse(fs.readFileSync(file, 'utf8'))
    return new Map<string, string>(tests[0].settings.map(({ name, value }: Record<string, string>) => [name, value]))
  }
  const [one, two] = [settingsOf(`${place}/a/one/results.json`), settingsOf(`${place}/b/two/results.json`)]
  t.is(two.get('__repeat'), '2')
  t.is(two.get('__results'), 'two')
  for (const own of ['__repeat', '__results']) {
    one.delete(own)
    two.delete(own)
  }
  t.deepEqual([...two], [...one])
  t.like(Object.fromEntries(two), {
    xcluster_NPODS: '7',
    xcluster_ONLY: 'then',
    __nvm: '3',
    __mem2: '300',
    SOURCE_DATE_EPOCH: '86400',
  })
  const { invocation } = JSON.parse(fs.readFileSync(`${place}/b/two/results.json`, 'utf8'))
  t.deepEqual(invocation.words, ['bridge', 'L2', 'bridge'])
  t.is(invocation.options.__cni, `${place}/a/plugins`)
})
