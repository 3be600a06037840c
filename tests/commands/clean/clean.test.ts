import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { withLock } from '../../../scripts/host/lock.ts'
import { program, until } from '../../vm/program.ts'
import { waitUntil } from '../../wait-until.ts'

const MIB = Buffer.alloc(2 ** 20, 1)

/** A cache with some entries, and the program that uses it. */
function scene(t: ExecutionContext) {
  const { state, runWith, startOnTerminal } = program(t)
  const environment = { XDG_CACHE_HOME: path.join(state, 'cache') }
  const cache = path.join(state, 'cache/xcluster-netns')
  const put = (name: string, content: Buffer = MIB) => {
    fs.mkdirSync(path.join(cache, path.dirname(name)), { recursive: true })
    fs.writeFileSync(path.join(cache, name), content)
  }
  // Unique, as keys are: another test's process may have its own open.
  const names = ['image', 'template', 'layer', 'making-image'].map(kind => `${kind}-${randomUUID().slice(0, 8)}`)
  const [image, template, layer, making] = names as [string, string, string, string]
  for (const name of [`${image}/root`, `${template}/ram`, `${layer}/tree/bin/x`, `${making}-xyz/root`]) put(name)
  fs.linkSync(path.join(cache, layer, 'tree/bin/x'), path.join(cache, layer, 'tree/y'))
  for (const name of ['kvm.json', 'compiled/code', 'programs/1/netns.mjs', 'notes.txt']) put(name, Buffer.from('{}'))
  const left = () => fs.readdirSync(cache).sort()
  return {
    cache,
    names: { image, template, layer },
    left,
    clean: (...words: string[]) => runWith(environment, 'clean', ...words),
    onTerminal: () => startOnTerminal(['clean'], environment),
  }
}

const OTHERS = ['compiled', 'notes.txt', 'programs']

test('lists and removes the entries of the cache, and nothing else', async t => {
  const { clean, left } = scene(t)
  const before = left()
  const listed = await clean('--dry-run')
  t.is(listed.status, 0, listed.stderr)
  t.regex(listed.stdout, /^KIND +ENTRIES +SIZE\nimage +2 +2 MiB\nlayer +1 +1 MiB\ntemplate +1 +1 MiB\nall +4 +4 MiB\n$/)
  t.deepEqual(left(), before)
  const removed = await clean('--yes')
  t.is(removed.status, 0, removed.stderr)
  t.regex(removed.stderr, /removed 4 of 4 entries, 4 MiB/)
  t.deepEqual(left(), OTHERS)
  const again = await clean('--yes')
  t.is(again.status, 0, again.stderr)
  t.regex(again.stderr, /nothing to remove/)
  t.deepEqual(left(), OTHERS)
})

test('refuses without a terminal and without --yes', async t => {
  const { clean, left } = scene(t)
  const before = left()
  const { status, stdout, stderr } = await clean()
  t.is(status, 2, stderr)
  t.regex(stderr, /no terminal \(--yes removes without asking, --dry-run/)
  t.is(stdout, '')
  t.deepEqual(left(), before)
})

test('asks at a terminal, and removes nothing without a yes', async t => {
  const { onTerminal, left } = scene(t)
  const before = left()
  for (const [keys, status] of [
    ['\n', 0],
    ['n\n', 0],
    // Ctrl-D, and Ctrl-C
    ['\x04', 0],
    ['\x03', 130],
  ] as const) {
    const run = onTerminal()
    let shown = ''
    run.stdout?.on('data', chunk => (shown += chunk))
    await until(run, () => shown.includes('[y/N]'))
    run.stdin?.write(keys)
    t.is((await run.ended).status, status, `${JSON.stringify(keys)}: ${shown}`)
    t.deepEqual(left(), before)
  }
  const run = onTerminal()
  run.stdin?.write('y\n')
  const { status, stdout } = await run.ended
  t.is(status, 0, stdout)
  t.deepEqual(left(), OTHERS)
})

test('retains what a process uses, what is being built, and what another host has used', async t => {
  const { cache, names, clean, left } = scene(t)
  const { image, template, layer } = names
  const reader = spawn('sh', ['-c', `exec 3<${image}/root; echo open; read -r line`], { cwd: cache, stdio: 'pipe' })
  let said = ''
  reader.stdout.on('data', chunk => (said += chunk))
  await waitUntil('the file is open', () => said.includes('open'))
  fs.writeFileSync(path.join(cache, template, 'used-on-abcdef'), '')
  await withLock(path.join(cache, `${layer}.lock`), async () => {
    const first = await clean('--yes')
    t.is(first.status, 0, first.stderr)
    t.true(first.stderr.includes(`retained, in use: ${image}\n`), first.stderr)
    t.true(first.stderr.includes(`retained, used by another host (--shared): ${template}\n`), first.stderr)
    t.regex(first.stderr, /removed 1 of 2 entries/)
  })
  t.deepEqual(left(), [...OTHERS, image, layer, `${layer}.lock`, template].sort())
  reader.stdin.end()
  await new Promise(resolve => reader.once('close', resolve))
  const all = await clean('--yes', '--shared')
  t.is(all.status, 0, all.stderr)
  t.deepEqual(left(), OTHERS)
})
