import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { execute, executeChains, PREVIOUS } from '../../../scripts/cni/runtime/execute.ts'
import type { NodeShell } from '../../../scripts/cni/runtime/shell.ts'
import { waitUntil } from '../../wait-until.ts'
import { localShell } from './local-shell.ts'

function plugin(t: ExecutionContext, content: string | Buffer): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-plugin-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'plugin')
  fs.writeFileSync(file, content, { mode: 0o755 })
  return file
}

async function endOf(t: ExecutionContext, content: string | Buffer, more = {}) {
  const execution = { program: plugin(t, content), environment: {}, input: '', ...more }
  const [end] = await execute(localShell, [execution])
  return end
}

test('executes all at once, and returns the ends in order', async t => {
  const program = plugin(t, '#!/bin/sh\nsleep 3; echo "$N"\n')
  const executions = Array.from({ length: 30 }, (_, n) => ({ program, environment: { N: String(n) }, input: '' }))
  const ends = await execute(localShell, executions)
  t.deepEqual(
    ends.map(({ stdout }) => stdout),
    executions.map((_, n) => `${n}\n`),
  )
  const latest = Math.max(...ends.map(({ beginMicroseconds }) => beginMicroseconds))
  const firstEnd = Math.min(...ends.map(end => end.beginMicroseconds + end.microseconds))
  t.true(latest < firstEnd, 'the last began before the first ended')
})

test('kills a plugin that hangs, with its processes', async t => {
  const marker = `7${process.pid}`
  const end = await endOf(t, `#!/bin/sh\nsleep ${marker} & sleep ${marker}\n`, { timeout: 1 })
  t.like(end, { status: undefined, problem: 'timed out after 1 s' })
  // A killed process ends a moment later.
  await waitUntil('the process of the plugin ends', () => sleeping(marker) === 0)
})

test('refuses 100 MB of output', async t => {
  const end = await endOf(t, '#!/bin/sh\nexec head -c 100000000 /dev/zero\n')
  t.like(end, { status: undefined, problem: 'wrote more than 1 MiB' })
  t.true((end?.stdout.length ?? 0) <= 2 ** 20)
})

test('does not take output that it has not read yet for held, while it starts many others', async t => {
  const program = plugin(t, '#!/bin/sh\nhead -c 150000 /dev/zero | tr "\\0" x\n')
  const link = { program, environment: {}, input: '{}' }
  const chains = await executeChains(
    localShell,
    Array.from({ length: 100 }, () => [link, link, link]),
  )
  t.deepEqual(
    chains.map(ends => ends.map(({ stdout, problem }) => problem ?? stdout.length)),
    chains.map(() => [150_000, 150_000, 150_000]),
  )
})

test('names the signal of a crash', async t => {
  t.like(await endOf(t, '#!/bin/sh\nkill -SEGV $$\n'), { status: undefined, problem: 'was ended by SIGSEGV' })
})

test('reports a process that holds the output of a plugin that has exited, and ends it', async t => {
  const marker = `8${process.pid}`
  const end = await endOf(t, `#!/bin/sh\nsleep ${marker} & echo done\n`)
  t.like(end, { status: 0, stdout: 'done\n', problem: 'left a process that holds its output' })
  await waitUntil('the process of the plugin ends', () => sleeping(marker) === 0)
})

test('ends a process in another session that holds the output and floods it', async t => {
  const end = await endOf(t, '#!/bin/sh\nsetsid yes & sleep 0.2; exit 0\n')
  t.is(end?.problem, 'wrote more than 1 MiB')
})

test('names the architecture of a program for another one', async t => {
  const head = fs.readFileSync(process.execPath).subarray(0, 4096)
  const other = Buffer.from(head)
  other.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18)
  const problem = new RegExp(
    `^cannot be executed: .*: it is a program for ${process.arch === 'arm64' ? 'amd64' : 'arm64'}$`,
  )
  t.regex((await endOf(t, other))?.problem ?? '', problem)
})

test('reports a file that is not a program, and a missing one', async t => {
  t.like(await endOf(t, 'just some text that is long enough\n'), { problem: 'cannot be executed: Exec format error' })
  const [end] = await execute(localShell, [{ program: '/nowhere/plugin', environment: {}, input: '' }])
  t.regex(end?.problem ?? '', /^cannot be executed: No such file/)
})

test('reports a node that cannot run the helper', async t => {
  const without = { ...localShell, run: () => localShell.run(['sh', '-c', 'echo no shell >&2; exit 127']) }
  const error = await t.throwsAsync(execute(without, [{ program: '/bin/true', environment: {}, input: '' }]))
  t.like(error, { code: 'CNI_HELPER', message: 'vm-001: cannot execute CNI plugins: no shell' })
})

/** Shells of nodes without Perl. */
const WITHOUT_PERL: Readonly<Record<string, readonly string[]>> = {
  dash: ['dash'],
  'the shell of busybox': ['/bin/busybox', 'sh'],
}

/** Nodes by name: with Perl, and with shells only. */
const NODES = new Map<string, NodeShell>([['Perl', localShell]])
for (const [name, words] of Object.entries(WITHOUT_PERL)) {
  const run: NodeShell['run'] = async ([first = '', ...rest], stdin) =>
    first === 'perl'
      ? { exitCode: 127, stdout: Buffer.alloc(0), stderr: Buffer.from('perl: not found') }
      : await localShell.run([...words, ...rest], stdin)
  NODES.set(name, { name: 'vm-001', run })
}

for (const [name, node] of NODES) {
  test(`${name}: passes on variables and input, and returns outputs and status`, async t => {
    const script = '#!/bin/sh\ncat; echo "$CNI_COMMAND|$HOME" >&2; exit 3\n'
    const environment = { CNI_COMMAND: "ADD 'it'", MORE: 'a\nb' }
    const program = plugin(t, script)
    const [end] = await execute(node, [{ program, environment, input: '{"ü": "\n"}' }])
    t.like(end, { status: 3, problem: undefined, stdout: '{"ü": "\n"}', stderr: "ADD 'it'|\n" })
  })

  test(`${name}: executes all at once, and returns the ends in order`, async t => {
    const directory = path.dirname(plugin(t, ''))
    // Each waits until all have begun.
    const program = plugin(
      t,
      `#!/bin/sh
: >${directory}/begun-$N
for i in $(seq 600); do set -- ${directory}/begun-*; [ $# -lt 8 ] || break; sleep 0.1; done
echo "$N $#"
`,
    )
    const executions = Array.from({ length: 8 }, (_, n) => ({ program, environment: { N: String(n) }, input: '' }))
    const ends = await execute(node, executions)
    t.deepEqual(
      ends.map(({ stdout }) => stdout),
      executions.map((_, n) => `${n} 8\n`),
    )
  })

  test(`${name}: names the problem of an execution`, async t => {
    const problem = async (content: string, more = {}) => {
      const [end] = await execute(node, [{ program: plugin(t, content), environment: {}, input: '', ...more }])
      return end?.problem
    }
    t.is(await problem('#!/bin/sh\nsleep 60\n', { timeout: 1 }), 'timed out after 1 s')
    t.is(await problem('#!/bin/sh\nexec head -c 100000000 /dev/zero\n'), 'wrote more than 1 MiB')
    t.is(await problem('#!/bin/sh\nkill -SEGV $$\n'), 'was ended by SIGSEGV')
    t.is(await problem('', { program: '/nowhere/plugin' }), 'cannot be executed: No such file or directory')
  })

  test(`${name}: executes chains up to the first failure, each with the output of the one before`, async t => {
    const program = plugin(
      t,
      `#!/bin/sh
input=$(cat)
[ "$FAIL" != text ] || { echo none; exit; }
printf '{"name":"%s","input":%s}\\n\\n' "$NAME" "$input"
[ "$FAIL" != status ] || exit 3
`,
    )
    const link = (NAME: string, input: unknown, FAIL = '') => ({
      ...{ program, environment: { NAME, FAIL }, input: JSON.stringify(input) },
    })
    const rest = { own: 1, previous: PREVIOUS }
    const chains = await executeChains(node, [
      [link('a', {}), link('b', rest), link('c', rest)],
      [link('d', {}, 'status'), link('e', rest)],
      [link('f', {}, 'text'), link('g', rest)],
      [link('h', {}, 'text'), link('i', { other: 2 })],
      [],
    ])
    const printed = chains.map(ends => ends.map(({ stdout }) => stdout.trim()))
    t.deepEqual(
      printed.map(({ length }) => length),
      [3, 1, 1, 2, 0],
    )
    const a = { name: 'a', input: {} }
    const b = { name: 'b', input: { own: 1, previous: a } }
    t.deepEqual(JSON.parse(printed[0]?.[2] ?? ''), { name: 'c', input: { own: 1, previous: b } })
    t.deepEqual(printed[3], ['none', '{"name":"i","input":{"other":2}}'])
    t.is(chains[1]?.[0]?.status, 3)
  })

  test(`${name}: saves the output, and marks an execution until it has succeeded`, async t => {
    const directory = path.dirname(plugin(t, ''))
    const [stdout, pending] = [path.join(directory, 'result'), path.join(directory, 'pending')]
    const succeeds = plugin(t, `#!/bin/sh\n[ -e ${pending} ] && printf '{ }\\n'\n`)
    const fails = plugin(t, '#!/bin/sh\necho result; echo why >&2; exit 1\n')
    const run = async (program: string) =>
      await execute(node, [{ program, environment: {}, input: '', files: { stdout, pending } }])
    t.like(await run(succeeds), [{ status: 0 }])
    t.is(fs.readFileSync(stdout, 'utf8'), '{ }\n')
    t.false(fs.existsSync(pending))
    await run(fails)
    t.is(fs.readFileSync(stdout, 'utf8'), 'result\n')
    t.is(fs.readFileSync(pending, 'utf8'), 'why\n')
  })
}

/** How many processes sleep for a time that no other test uses. */
const sleeping = (seconds: string): number =>
  fs
    .readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${seconds}\0`
      } catch {
        return false
      }
    }).length
