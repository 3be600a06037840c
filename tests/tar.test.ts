import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { requireUserNamespaces } from '../scripts/host/user-namespaces.ts'
import { tool } from './needs.ts'
import { elf, temporaryDirectory, writeTgz } from './ovl/fixtures/archives.ts'

const TOP = path.resolve(import.meta.dirname, '..')
const PROGRAM = path.join(TOP, 'tar')
const ARM = process.arch === 'arm64'
const [OURS, OTHER] = ARM ? [183, 62] : [62, 183]
const ARCHITECTURE = ARM ? 'arm64' : 'amd64'
const PATH = process.env.PATH ?? ''

interface Packed {
  readonly status: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

function pack(words: readonly string[], environment: Record<string, string> = {}, command = PROGRAM): Packed {
  const { status, stdout, stderr } = spawnSync(command, words, {
    cwd: '/',
    env: { PATH, HOME: '/nonexistent', ...environment },
    maxBuffer: 2 ** 28,
  })
  return { status, stdout, stderr: stderr.toString() }
}

/** A home directory with a small release of CNI plugins in Downloads. */
function homeWithRelease(t: ExecutionContext, machine = OURS) {
  const home = temporaryDirectory(t)
  const downloads = path.join(home, 'Downloads')
  fs.mkdirSync(downloads)
  const release = writeTgz(
    downloads,
    [
      { name: './', type: '5' },
      { name: './bridge', content: elf(machine, 5000) },
      { name: './host-local', content: elf(machine, 300_000) },
      { name: './LICENSE', content: 'text', mode: 0o644 },
    ],
    `cni-plugins-linux-${ARCHITECTURE}-v1.6.2.tgz`,
  )
  return { home, downloads, release, environment: { HOME: home } }
}

const names = (archive: Buffer): string[] =>
  execFileSync('tar', ['tf', '-'], { input: archive }).toString().trim().split('\n')

/** Asserts a failure with a message, without a stack trace and without output. */
function fails(t: ExecutionContext, { status, stdout, stderr }: Packed, exitCode: number, expected: RegExp) {
  t.is(status, exitCode, stderr)
  t.regex(stderr, expected)
  t.notRegex(stderr, /\n\s+at |internal error/)
  t.is(stdout.length, 0)
}

test('packs sorted members with relative names, their directories, owner root and a constant time', t => {
  const { release, environment } = homeWithRelease(t)
  const { status, stdout, stderr } = pack(['-', '--seed', '3'], environment)
  t.is(status, 0, stderr)
  const listed = names(stdout)
  const plain = listed.map(name => name.replace(/\/$/, ''))
  t.deepEqual(plain, plain.toSorted())
  for (const wanted of ['bin/', 'bin/netns_test', 'etc/', 'etc/rnd-addresses', 'opt/cni/bin/host-local']) {
    t.true(listed.includes(wanted), wanted)
  }
  t.false(listed.includes('opt/cni/bin/LICENSE'))
  const long = execFileSync('tar', ['tvf', '-', '--numeric-owner', '--full-time'], {
    input: stdout,
    env: { TZ: 'UTC', PATH },
  })
  for (const line of long.toString().trim().split('\n')) {
    t.regex(line, /^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--) 0\/0 .* 2020-01-01 00:00:00 /)
  }
  const [seed, cni, ipu, ...more] = stderr.trim().split('\n')
  t.is(seed, 'random addresses: seed 3')
  t.is(cni, `cni: 2 plugins, v1.6.2, 0.3 MB, from ${release}`)
  t.regex(ipu ?? '', /^ipu: not found, .*\/bin\/ipu/)
  t.deepEqual(more, [])
})

test('GNU tar and busybox tar unpack the same tree', t => {
  const { home, environment } = homeWithRelease(t)
  const archive = path.join(home, 'o.tar')
  const { status, stdout } = pack([archive], environment)
  t.is(status, 0)
  t.is(stdout.length, 0)
  const [gnu, busybox] = ['gnu', 'busybox'].map(name => path.join(home, name)) as [string, string]
  fs.mkdirSync(gnu)
  fs.mkdirSync(busybox)
  execFileSync('tar', ['xf', archive, '-C', gnu])
  execFileSync(tool('busybox'), ['tar', '-o', '-x', '-f', archive, '-C', busybox])
  t.is(execFileSync('diff', ['-r', gnu, busybox]).toString(), '')
  t.true(fs.readdirSync(gnu, { recursive: true, encoding: 'utf8' }).includes('bin/netns_test'))
})

test('the archive depends on the seed and SOURCE_DATE_EPOCH, not on locale, time zone or umask', t => {
  const { home, environment } = homeWithRelease(t)
  const run = (words: string[], more = {}) => pack(words, { ...environment, ...more }).stdout.toString('base64')
  const first = run(['-', '--seed', '7'])
  t.true(first.length > 300_000)
  t.is(run(['--seed=7', '-'], { LC_ALL: 'de_DE.UTF-8', TZ: 'Asia/Tokyo' }), first)
  const file = path.join(home, 'o.tar')
  const { status } = pack(['-c', `umask 077; cd "${home}"; exec "${PROGRAM}" --seed 7 o.tar`], environment, '/bin/sh')
  t.is(status, 0)
  t.is(fs.readFileSync(file, 'base64'), first)
  t.is(fs.statSync(file).mode & 0o777, 0o600)
  t.not(run(['-', '--seed', '8']), first)
  t.not(run(['-', '--seed', '7'], { SOURCE_DATE_EPOCH: '1' }), first)
  t.not(run(['-']), run(['-']))
})

test('a checkout with other file modes packs the same bytes, without zx and ssh2; --help does not load tar', t => {
  const { home, environment } = homeWithRelease(t)
  const checkout = path.join(home, 'checkout')
  fs.mkdirSync(path.join(checkout, 'node_modules'), { recursive: true })
  for (const name of ['tar.ts', 'scripts', 'ovl']) {
    fs.cpSync(path.join(TOP, name), path.join(checkout, name), { recursive: true })
  }
  execFileSync('chmod', ['-R', 'go=', checkout])
  fs.copyFileSync(path.join(TOP, 'package.json'), path.join(checkout, 'package.json'))
  const modules = path.join(checkout, 'node_modules')
  // Empty packages: importing one fails.
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(TOP, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) {
    fs.mkdirSync(path.join(modules, name), { recursive: true })
    fs.writeFileSync(path.join(modules, name, 'package.json'), '{}')
  }
  const install = (name: string) => {
    fs.rmSync(path.join(modules, name), { recursive: true, force: true })
    fs.symlinkSync(path.join(TOP, 'node_modules', name), path.join(modules, name))
  }
  install('commander')
  install('tsx')
  const program = path.join(checkout, 'tar.ts')
  const help = pack(['--help'], environment, program)
  t.is(help.status, 0, help.stderr)
  t.regex(help.stdout.toString(), /^Usage: tar .*<file>/)
  t.not(pack(['-'], environment, program).status, 0, 'tar is needed to pack')
  install('tar')
  const { status, stdout, stderr } = pack(['-', '--seed', '7'], environment, program)
  t.is(status, 0, stderr)
  t.true(stdout.equals(pack(['-', '--seed', '7'], environment).stdout))
})

test('packs ipu from an unpacked release if there is one, otherwise from an archive', t => {
  const { home, downloads, environment } = homeWithRelease(t)
  const bin = path.join(home, 'nfqlb-1.2.3/bin')
  fs.mkdirSync(bin, { recursive: true })
  fs.writeFileSync(path.join(bin, 'ipu'), elf(OURS), { mode: 0o755 })
  execFileSync('tar', ['cJf', path.join(downloads, 'nfqlb-1.2.3.tar.xz'), '-C', home, 'nfqlb-1.2.3'])
  const archived = pack(['-', '--require', 'cni,ipu'], environment)
  t.regex(archived.stderr, /ipu: address tool, 1\.2\.3, 0\.0 MB, from .*nfqlb-1\.2\.3\.tar\.xz/)
  t.true(names(archived.stdout).includes('bin/ipu'))
  const unpacked = pack(['-'], { ...environment, NFQLBDIR: path.dirname(bin) })
  t.regex(unpacked.stderr, /ipu: address tool, .*nfqlb-1\.2\.3\/bin\/ipu/)
})

test('does not change the output when a release is damaged or for another processor', t => {
  const damaged = homeWithRelease(t)
  fs.truncateSync(damaged.release, fs.statSync(damaged.release).size - 5)
  for (const [{ home, release, environment }, expected] of [
    [damaged, /v1\.6\.2\.tgz.*corrupt/],
    [homeWithRelease(t, OTHER), /v1\.6\.2\.tgz: bridge: is for /],
  ] as const) {
    const directory = path.join(home, 'out')
    fs.mkdirSync(directory)
    const output = path.join(directory, 'out.tar')
    fs.writeFileSync(output, 'unchanged')
    fails(t, pack([output], environment), 1, expected)
    t.is(fs.readFileSync(output, 'utf8'), 'unchanged')
    t.deepEqual(fs.readdirSync(directory), ['out.tar'])
    t.deepEqual(fs.readdirSync(path.join(home, '.cache/xcluster-netns')), [])
    const streamed = pack(['-'], environment)
    fails(t, streamed, 1, expected)
    t.true(streamed.stderr.includes(release))
  }
})

for (const [what, words, environment, status, expected] of [
  ['a missing --cni', ['-', '--cni', '/nonexistent.tgz'], {}, 2, /--cni \/nonexistent\.tgz/],
  ['a bad seed', ['-', '--seed', 'x'], {}, 2, /--seed=x/],
  ['a bad SOURCE_DATE_EPOCH', ['-'], { SOURCE_DATE_EPOCH: 'x' }, 2, /SOURCE_DATE_EPOCH=x/],
  ['a missing NFQLBDIR', ['-'], { NFQLBDIR: '/nonexistent' }, 2, /NFQLBDIR=\/nonexistent/],
  ['an unknown part', ['-', '--require', 'foo'], {}, 2, /--require=foo/],
  ['a required part that is missing', ['-', '--require', 'ipu'], {}, 3, /ipu: not found: looked for \//],
  ['no output', [], {}, 2, /missing required argument/],
  ['two outputs', ['a', 'b'], {}, 2, /too many arguments/],
  ['an unknown option', ['--bogus', '-'], {}, 2, /--bogus/],
  ['a directory as output', ['/tmp'], {}, 2, /\/tmp: is a directory/],
  ['a missing directory', ['/nonexistent/o.tar'], {}, 3, /\/nonexistent\/o\.tar: there is no such file or dir/],
] as const) {
  test(`fails with exit status ${status} for ${what}`, t => fails(t, pack(words, environment), status, expected))
}

test('does not change the output when the disk is full; reports a full device and a closed pipe', t => {
  requireUserNamespaces(process.env)
  const { home, environment } = homeWithRelease(t)
  const small = path.join(home, 'small')
  fs.mkdirSync(small)
  const script = `mount -t tmpfs -o size=128k none "${small}" || exit 77
    cd "${small}" && printf unchanged >o.tar
    "${PROGRAM}" o.tar; echo "exit $?, $(cat o.tar), $(ls -A)"`
  const { status, stdout, stderr } = pack(
    ['--user', '--map-root-user', '--mount', '/bin/sh', '-c', script],
    environment,
    'unshare',
  )
  t.is(status, 0, stderr)
  t.is(stdout.toString(), 'exit 3, unchanged, o.tar\n')
  t.regex(stderr, /cannot write o\.tar: no space left/)
  fails(t, pack(['-c', `exec "${PROGRAM}" - >/dev/full`], environment, '/bin/sh'), 3, /standard output: no space left/)
  const left = pack(['-c', `{ "${PROGRAM}" -; echo "exit $?" >&2; } | head -c 1 >/dev/null`], environment, '/bin/sh')
  t.regex(left.stderr, /standard output: its reader has closed it\nexit 3\n$/)
})

test('reports files that an ordinary user cannot read or write', t => {
  const { home, release, environment } = homeWithRelease(t)
  fs.chmodSync(home, 0o755)
  fs.chmodSync(path.dirname(release), 0o755)
  fs.mkdirSync(path.join(home, 'mine'), { mode: 0o555 })
  // Root without the capabilities that override modes: another user might not be able to enter this repository.
  const asUser = process.getuid?.() === 0 ? ['--bounding-set=-dac_override,-dac_read_search'] : []
  const packAsUser = (words: string[]) => pack([...asUser, PROGRAM, ...words], environment, 'setpriv')
  const output = path.join(home, 'mine/o.tar')
  fails(t, packAsUser([output]), 3, /cannot write .*\/mine\/o\.tar: no permission/)
  fs.chmodSync(release, 0)
  fails(t, packAsUser(['-']), 3, /cannot read .*v1\.6\.2\.tgz: no permission/)
  fs.chmodSync(home, 0)
  // A search directory that cannot be read counts as empty.
  const { status, stderr } = packAsUser(['-'])
  fs.chmodSync(home, 0o755)
  t.is(status, 0, stderr)
  t.regex(stderr, /ipu: not found/)
})

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends the program with exit status ${exitCode}, even when nobody reads its output`, async t => {
    const { environment } = homeWithRelease(t)
    const child = spawn(PROGRAM, ['-'], { env: { PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
    let stderr = ''
    for await (const chunk of child.stderr) {
      stderr += chunk
      if (stderr.includes('ipu:') && !child.killed) child.kill(signal)
    }
    const [status] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
    t.is(status, exitCode, stderr)
    t.true(stderr.endsWith(`tar: interrupted by ${signal}\n`), stderr)
  })
}

test('runs through two links from another directory, and writes through a link', t => {
  const { home, environment } = homeWithRelease(t)
  fs.mkdirSync(path.join(home, 'ovl'))
  fs.symlinkSync(PROGRAM, path.join(home, 'ovl/tar'))
  fs.symlinkSync('ovl/tar', path.join(home, 'tar'))
  fs.symlinkSync('real.tar', path.join(home, 'link.tar'))
  fs.writeFileSync(path.join(home, 'real.tar'), 'old')
  const { status } = pack(['-c', `cd "${home}" && ./tar link.tar`], environment, '/bin/sh')
  t.is(status, 0)
  t.true(fs.lstatSync(path.join(home, 'link.tar')).isSymbolicLink())
  t.true(names(fs.readFileSync(path.join(home, 'real.tar'))).includes('bin/netns_test'))
})

test('netns.ts tar and tar.ts write the same archive', t => {
  const { environment } = homeWithRelease(t)
  const words = ['-', '--seed', '7']
  const { status, stdout, stderr } = pack(['tar', ...words], environment, path.join(TOP, 'netns.ts'))
  t.is(status, 0, stderr)
  t.true(stdout.equals(pack(words, environment).stdout))
})
