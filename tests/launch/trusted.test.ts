import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { bundled } from '../../scripts/launch/bundle.mjs'
import { privateDirectory } from '../../scripts/launch/trusted.mjs'
import { checkout } from './checkout.ts'

const HOSTILE = "import fs from 'node:fs'\nfs.writeFileSync(process.env.STOLEN, '')\nconsole.log('hostile')\n"

function directory(t: ExecutionContext): string {
  const made = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netns-trusted-')))
  t.teardown(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

/** Calls with another cache. */
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

test.serial('a directory for code is made for this user alone, whatever the umask is', t => {
  const cache = path.join(directory(t), 'a/b')
  const umask = process.umask(0)
  const made = withCache(cache, () => privateDirectory('programs'))
  process.umask(umask)
  t.is(made, path.join(cache, 'xcluster-netns/programs'))
  for (const place of ['.', 'xcluster-netns', 'xcluster-netns/programs'])
    t.is(fs.statSync(path.join(cache, place)).mode & 0o777, 0o700, place)
})

test.serial('a directory that others can change, by itself, a link or what is above it, is not used', t => {
  const attacks: Record<string, (own: string) => void> = {
    'open to all': own => fs.chmodSync(own, 0o777),
    'open to its group': own => fs.chmodSync(own, 0o770),
    'in one that is open to all': own => fs.chmodSync(path.dirname(own), 0o777),
    'a link': own => {
      fs.renameSync(own, `${own}.real`)
      fs.symlinkSync(`${own}.real`, own)
    },
    'a file': own => {
      fs.rmdirSync(own)
      fs.writeFileSync(own, '')
    },
    ...(process.getuid?.() === 0 && {
      "somebody else's": own => fs.chownSync(own, 12345, 12345),
      "in somebody else's": own => fs.chownSync(path.dirname(own), 12345, 12345),
    }),
  }
  for (const [what, attack] of Object.entries(attacks)) {
    const cache = directory(t)
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

test.serial('no place is no error: /proc, a file, a home that is not there', t => {
  const file = path.join(directory(t), 'file')
  fs.writeFileSync(file, '')
  for (const cache of ['/proc/nothing', file, `${file}/below`])
    t.is(
      withCache(cache, () => privateDirectory('programs')),
      undefined,
      cache,
    )
})

test.serial(
  'a prepared cache is not executed, and nothing of ours is in the shared directory for temporary files',
  async t => {
    const { top, program } = checkout(t)
    const cache = directory(t)
    const temporary = directory(t)
    const stolen = path.join(temporary, 'stolen')
    // Nothing can be kept beside the packages.
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

test.serial('a prepared cache beside the packages is not executed', async t => {
  const { top, program } = checkout(t)
  const cache = directory(t)
  const file = (await withCache(cache, () => bundled(top, program))) as string
  t.true(file.startsWith(top))
  fs.writeFileSync(file, HOSTILE)
  const beside = path.join(top, 'node_modules/.cache/xcluster-netns')
  const mode = () => fs.statSync(beside).mode & 0o777
  t.is(mode(), 0o755)
  fs.chmodSync(beside, 0o777)
  const safe = (await withCache(cache, () => bundled(top, program))) as string
  t.true(safe.startsWith(cache))
  const { stdout } = spawnSync(process.execPath, [safe, 'test', '--list'], { encoding: 'utf8' })
  t.regex(stdout, /^bridge$/m)
})
