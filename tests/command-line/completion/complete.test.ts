import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { TestCase } from '../../../scripts/cases/test-case.ts'
import { updateRecord } from '../../../scripts/cluster/own/cluster-record.ts'
import { claimCluster } from '../../../scripts/cluster/own/registry.ts'
import { complete } from '../../../scripts/command-line/completion/complete.ts'
import { type Completions, isCompleted } from '../../../scripts/command-line/completion/source.ts'
import { commandsOf } from '../../../scripts/command-line/finish.ts'
import { reachingAs } from '../../../scripts/commands/test/tests.ts'
import { PROGRESS_KINDS, REPORTER_NAMES } from '../../../scripts/reporters/names.ts'
import { findTestCase, testCases } from '../../../scripts/runner/registry.ts'
import { theProgram } from '../program.ts'

const program = await theProgram()

const valuesOf = (found: Completions) => (found === 'files' ? found : found.map(({ value }) => value))

/** The completions of a line; the cursor is at the end. */
async function behind(line: string, environment: Readonly<Record<string, string>> = {}) {
  const words = line.split(' ')
  const partial = words.pop() ?? ''
  return valuesOf(await complete(program, words, partial, { HOME: '/nonexistent', ...environment }))
}

test('completes every command and every option', async t => {
  const commands = commandsOf(program).filter(command => command !== program)
  const shown = await behind('')
  for (const command of program.createHelp().visibleCommands(program)) t.true(shown.includes(command.name()))
  t.false(shown.includes('completion-server'))
  for (const command of commands) {
    const names = command.options.flatMap(({ long }) => long ?? [])
    for (const long of names) {
      const shown = await behind(`${command.name()} ${long}`)
      // `--module` begins `--modules`, too.
      t.deepEqual([...shown].sort(), names.filter(name => name.startsWith(long)).sort())
    }
  }
})

test('offers tests and reporters where they are valid', async t => {
  const tests = [...testCases.map(({ name }) => name), 'all']
  t.deepEqual(await behind('test '), tests)
  t.deepEqual(await behind('test --nvm 2 --cold bridge dual'), ['dual_bridges', 'dual_bridges_vlan'])
  t.deepEqual(await behind('test matrix --reach L3_'), ['L3_overlay', 'L3_vxlan'])
  t.deepEqual(await behind('test --reporter '), [...REPORTER_NAMES])
  t.deepEqual(await behind('rerun --reporter=j'), ['--reporter=junit', '--reporter=json'])
})

test('takes values from the definitions of options, and files from the shell', async t => {
  t.deepEqual(await behind('test --accel '), ['kvm', 'tcg', 'auto'])
  t.deepEqual(await behind('graph --format=s'), ['--format=svg'])
  t.deepEqual(await behind('completion f'), ['fish'])
  t.deepEqual(await behind('help st'), ['status', 'stop'])
  for (const line of ['tar ', 'rerun res', 'test --results ', 'test --ovl ', 'env --cni=', 'test ./my']) {
    t.is(await behind(line), 'files', line)
  }
  t.deepEqual(await behind('test --nvm '), [], 'a number')
  t.deepEqual(await behind('test --progress '), [...PROGRESS_KINDS])
  t.deepEqual(await behind('env --family='), ['--family=4', '--family=6', '--family=both'])
  t.deepEqual(await behind('tar --require '), ['cni', 'ipu', 'cni,ipu'])
  t.deepEqual(await behind('test --cluster e'), ['embedded'])
})

test('offers --reach the tests that it accepts', async t => {
  const offered = await behind('test matrix --reach ')
  t.true(offered.includes('bridge'))
  for (const name of ['matrix', 'start', 'start_empty', 'all']) t.false(offered.includes(name), name)
  const matrix = findTestCase('matrix') as TestCase
  for (const name of offered)
    t.is(
      reachingAs(String(name), [{ test: matrix, optional: false }], '--reach')[0]?.test.reach,
      findTestCase(String(name))?.reach,
    )
})

test('has a completion for every value except numbers and free text', t => {
  const free = [
    ...[
      '--nvm',
      '--nrouters',
      '--ntesters',
      '--mem',
      '--smp',
      '--timeout',
      '--repeat',
      '--retry',
      '--seed',
      '--count',
      '--set',
      '--grep',
      '--package',
      '--module',
      '--snapshot',
      '--mirror',
      '--only',
      '--churn',
    ],
    ...['--tail', '--interface', 'command', 'filter', 'options', 'words'],
  ]
  for (const command of commandsOf(program)) {
    const options = command.options.filter(({ required, optional }) => required || optional)
    for (const item of [...options, ...command.registeredArguments]) {
      const name = 'long' in item ? (item.long ?? '') : item.name()
      t.true(free.includes(name) || isCompleted(item), `${command.name()} ${name}`)
    }
  }
})

test('offers an option once unless it is repeatable; none after --, nor in a command for a node', async t => {
  t.deepEqual(await behind('test --nvm=2 --nv'), [])
  t.deepEqual(await behind('test --nvm 2 --nv'), [])
  t.deepEqual(await behind('test --reporter tap --reporter'), ['--reporter'])
  t.is(await behind('test -- --nv'), 'files', 'an ovl may be called so')
  t.deepEqual(await behind('exec vm-001 --na'), [])
  t.deepEqual(await behind('exec vm-001 -- ls --na'), [])
  t.deepEqual(await behind('nonsense --na'), [])
})

/** A recorded cluster of two nodes that do not answer. */
async function withCluster(t: ExecutionContext, name: string) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-complete-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  const place = await claimCluster(path.join(directory, 'xcluster-netns'), name, 'AAAA')
  const nodes = [1, 2].map(number => ({ name: `vm-00${number}`, number, role: 'worker' as const, port: 1 }))
  updateRecord(place, { nodes })
  return { XDG_STATE_HOME: directory }
}

test('offers running nodes and clusters', async t => {
  const environment = await withCluster(t, 'mine')
  t.deepEqual(await behind('stop --name ', environment), ['mine'])
  for (const command of ['exec', 'shell', 'capture', 'inspect', 'logs'])
    t.deepEqual(await behind(`${command} --name mine `, environment), ['vm-001', 'vm-002'], command)
  t.deepEqual(await behind('inspect --name mine vm-001 ', environment), ['vm-001', 'vm-002'], 'several can be named')
  t.deepEqual(await behind('exec --name=mine vm-002', environment), ['vm-002'], 'which does not tell its PODs')
  t.deepEqual(await behind('exec ', { ...environment, XCLUSTER_NETNS_NAME: 'mine' }), ['vm-001', 'vm-002'])
  t.deepEqual(await behind('exec ', environment), ['vm-001', 'vm-002'], 'the only one that runs')
  await claimCluster(path.join(environment.XDG_STATE_HOME, 'xcluster-netns'), 'another', 'AAAA')
  t.deepEqual(await behind('exec ', environment), [], 'the cluster that is meant does not run')
})
