import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { checkMemory } from '../../scripts/cluster/vm/memory-needs.ts'
import { availableMemory, availableProcesses } from '../../scripts/host/control-groups.ts'
import { requireLimits } from '../../scripts/host/limits.ts'

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')

const LIMITS = (values: Readonly<Record<string, string>>) =>
  Object.entries(values)
    .map(([name, value]) => `${name.padEnd(25)} ${value.padEnd(20)} ${value.padEnd(20)} units`)
    .join('\n')

/** Creates a tree of control groups. */
function groups(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const mount = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-cgroup-'))
  t.teardown(() => fs.rmSync(mount, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(mount, name)), { recursive: true })
    fs.writeFileSync(path.join(mount, name), `${text}\n`)
  }
  return mount
}

test('reports a limit that is too low with its value and the required one; accepts a sufficient one, or none', t => {
  const text = LIMITS({ 'Max open files': '40', 'Max file size': '1048576', 'Max processes': 'unlimited' })
  t.throws(() => requireLimits({ openFiles: 160 }, text), {
    code: 'LIMIT_TOO_LOW',
    message: 'the limit of open files is 40, but about 160 are required',
  })
  t.throws(() => requireLimits({ fileBytes: 2 ** 28 }, text), {
    message: /the file size is 1 MiB, but about 256 MiB are required/,
  })
  t.notThrows(() => requireLimits({ openFiles: 40, fileBytes: 2 ** 20 }, text))
  t.notThrows(() => requireLimits({ openFiles: 160 }, ''))
})

test('the lowest limit of nested control groups applies, and the page cache counts as free', t => {
  const mount = groups(t, {
    'memory.max': '1000',
    'memory.current': '900',
    'memory.stat': 'anon 500\nfile 400\nactive_file 150\ninactive_file 50\nshmem 200',
    'a/memory.max': 'max',
    'a/memory.current': '800',
    'a/memory.stat': 'active_file 1',
    'a/pids.max': '30',
    'a/pids.current': '22',
  })
  const inside = { mount, membership: '0::/a/b\n' }
  t.is(availableMemory(inside), 300)
  t.is(availableProcesses(inside), 8)
  t.is(availableMemory({ mount, membership: '' }), Number.POSITIVE_INFINITY)
  t.is(availableProcesses({ mount, membership: '0::/' }), Number.POSITIVE_INFINITY)
})

test('reads the control group of a container of version 1 at the root of the mount', t => {
  const mount = groups(t, {
    'memory/memory.limit_in_bytes': '5000',
    'memory/memory.usage_in_bytes': '4000',
    'memory/memory.stat': 'inactive_file 7\ntotal_inactive_file 1000\ntotal_active_file 500',
  })
  t.is(availableMemory({ mount, membership: '4:memory:/docker/12\n1:cpu,cpuacct:/\n' }), 2500)
})

test('refuses a cluster that exceeds the memory limit of the container', t => {
  const plan = { number: 1, name: 'vm-001', role: 'worker', memoryMiB: 256, cpus: 1, nets: [0] } as const
  const load = { cold: false, podsPerNode: 4 }
  const meminfo = 'MemAvailable: 90000000 kB\n'
  t.throws(() => checkMemory([plan], load, meminfo, 50 * 2 ** 20), {
    code: 'NO_MEMORY',
    message: /0\.0 GiB are free within the memory limit of this process's control group/,
  })
  t.notThrows(() => checkMemory([plan], load, meminfo, 2 ** 30))
})

const inShell = (t: ExecutionContext, line: string) => {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-limits-'))
  t.teardown(() => fs.rmSync(state, { recursive: true, force: true }))
  const env = { ...process.env, XDG_STATE_HOME: state, XDG_CACHE_HOME: state }
  const { status, stdout, stderr } = spawnSync('/bin/bash', ['-c', line, NETNS], { env, encoding: 'utf8', cwd: state })
  return { status, stdout, stderr }
}

for (const [option, value, expected] of [
  ['-n', 40, /Max open files is 40, but at least 64 is required/],
  ['-n', 100, /limit of open files is 100, but about 160 are required \(raise it with ulimit -n\)/],
  ['-u', 22, /Max processes is 22, but at least 64 is required/],
  ['-f', 10_000, /limit of the file size is 9 MiB, but about 256 MiB are required/],
  ['-v', 1_000_000, /Max address space is 1024000000, but at least/],
  ['-v', 8_000_000, /Max address space is 8192000000, but at least/],
] as const) {
  test(`fails in one line under ulimit ${option} ${value}`, t => {
    const { status, stderr } = inShell(t, `ulimit ${option} ${value}; exec "$0" test start --nvm=1 --cluster embedded`)
    t.is(status, 3, stderr)
    t.regex(stderr, expected)
    t.notRegex(stderr, /\n\s+at |internal error/)
  })
}

test('reports in one line that an archive exceeds the limit of the file size', t => {
  const { status, stderr } = inShell(t, 'ulimit -f 100; exec "$0" tar --seed 1 ovl.tar')
  t.is(status, 3, stderr)
  t.regex(stderr, /the file would become too large \(ulimit -f\)/)
  t.notRegex(stderr, /\n\s+at /)
})
