import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { bundled } from '../../scripts/launch/bundle.mjs'
import { privateDirectory } from '../../scripts/launch/trusted.mjs'
import { checkout } from './checkout.ts'

const HOSTILE = "import fs from 'node:fs'\nfs.writeFileSync(process.env.STOLEN, '')\nconsole.log('hostile')\n"

function temporaryDirectory(t: ExecutionContext): string {
  const directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netns-trusted-')))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Runs a task with another cache directory. */
function withCache<T>(cache: string, task: () => T): T {
  const before = process.env.XDG_CACHE_HOME
  process.env.XDG_CACHE_HOME = cache
  try {
    return task()
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME
    else process.env.XDG_CACHE_HOME = before
  }
}

test.serial('creates a directory for code with mode 0700 under any umask', t => {
  const cache = path.join(temporaryDirectory(t), 'a/b')
  const umask = process.umask(0)
  const created = withCache(cache, () => privateDirectory('programs'))
  process.umask(umask)
  t.is(created, path.join(cache, 'xcluster-netns/programs'))
  for (const place of ['.', 'xcluster-netns', 'xcluster-netns/programs'])
    t.is(fs.statSync(path.join(cache, place)).mode & 0o777, 0o700, place)
})

test.serial('does not use a directory that other users could write to or replace', t => {
  const attacks: Record<string, (own: string) => void> = {
    'writable by all': own => fs.chmodSync(own, 0o777),
    'writable by its group': own => fs.chmodSync(own, 0o770),
    'its parent is writable by all': own => fs.chmodSync(path.dirname(own), 0o777),
    'a link': own => {
      fs.renameSync(own, `${own}.real`)
      fs.symlinkSync(`${own}.real`, own)
    },
    'a file': own => {
      fs.rmdirSync(own)
      fs.writeFileSync(own, '')
    },
    ...(process.getuid?.() === 0 && {
      "another user's": own => fs.chownSync(own, 12345, 12345),
      "its parent is another user's": own => fs.chownSync(path.dirname(own), 12345, 12345),
    }),
  }
  for (const [what, attack] of Object.entries(attacks)) {
    const cache = temporaryDirectory(t)
    const own = withCache(cache, () => privateDirectory('programs')) as string
    t.truthy(own)
    attack(own)
    t.is(
      withCache(cache, () => privateDirectory('programs')),
      undefined,
      what,
    )
  }
})

test.serial('returns undefined where no directory can be created: in /proc, at or below a file', t => {
  const file = path.join(temporaryDirectory(t), 'file')
  fs.writeFileSync(file, '')
  for (const cache of ['/proc/nothing', file, `${file}/below`])
    t.is(
      withCache(cache, () => privateDirectory('programs')),
      undefined,
      cache,
    )
})

test.serial(
  "does not run code from another user's cache, and writes nothing to the directory for temporary files",
  async t => {
    const { top, program } = checkout(t)
    const cache = temporaryDirectory(t)
    const temporary = temporaryDirectory(t)
    const stolen = path.join(temporary, 'stolen')
    // A file in its place disables the cache in node_modules.
    fs.writeFileSync(path.join(top, 'node_modules/.cache'), '')
    const env = { ...process.env, XDG_CACHE_HOME: cache, TMPDIR: temporary, STOLEN: stolen }
    const list = (changes: NodeJS.ProcessEnv = {}) => {
      const { TSX_DISABLE_CACHE: _, ...rest }: NodeJS.ProcessEnv = { ...env, ...changes }
      const { status, stdout, stderr } = spawnSync(program, ['test', '--list'], { encoding: 'utf8', env: rest })
      t.is(status, 0, stderr)
      t.regex(stdout, /^bridge$/m)
      t.deepEqual(fs.readdirSync(temporary), [])
    }
    list()
    const file = (await withCache(cache, () => bundled(top, program))) as string
    t.true(file.startsWith(path.join(cache, 'xcluster-netns/programs/')))
    fs.writeFileSync(file, HOSTILE)
    fs.chmodSync(path.join(cache, 'xcluster-netns/programs'), 0o777)
    list()
    fs.chmodSync(path.join(cache, 'xcluster-netns/programs'), 0o700)
    fs.renameSync(path.join(cache, 'xcluster-netns'), path.join(cache, 'prepared'))
    fs.symlinkSync('prepared', path.join(cache, 'xcluster-netns'))
    fs.chmodSync(path.join(cache, 'prepared'), 0o777)
    list()
    for (const place of ['/proc/nothing', path.join(cache, 'prepared/file')])
      list({ XDG_CACHE_HOME: place, HOME: place })
  },
)

test.serial('does not run code from a cache in node_modules that others can write to', async t => {
  const { top, program } = checkout(t)
  const cache = temporaryDirectory(t)
  const file = (await withCache(cache, () => bundled(top, program))) as string
  t.true(file.startsWith(top))
  fs.writeFileSync(file, HOSTILE)
  const bundles = path.join(top, 'node_modules/.cache/xcluster-netns')
  const mode = () => fs.statSync(bundles).mode & 0o777
  t.is(mode(), 0o755)
  fs.chmodSync(bundles, 0o777)
  const safe = (await withCache(cache, () => bundled(top, program))) as string
  t.true(safe.startsWith(cache))
  const { stdout } = spawnSync(process.execPath, [safe, 'test', '--list'], { encoding: 'utf8' })
  t.regex(stdout, /^bridge$/m)
})
