import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Network } from '../../../scripts/cni/network.ts'
import { negotiate } from '../../../scripts/cni/runtime/negotiate.ts'
import { listPrograms } from '../../../scripts/cni/runtime/programs.ts'
import { isBefore, parseError, parseResult } from '../../../scripts/cni/runtime/result.ts'
import { Runtime } from '../../../scripts/cni/runtime/runtime.ts'
import { localShell } from './local-shell.ts'

/** Records its call in a file, and answers with prevResult and an interface of its own. */
const RECORDER = `#!/usr/bin/perl
use strict;
my ($type) = $0 =~ m{([^/]+)$};
local $/;
my $input = <STDIN>;
open my $log, '>>', "$ENV{CNI_PATH}/log" or die;
syswrite $log, "$type\\t$ENV{CNI_COMMAND}\\t" . ($ENV{CNI_ARGS} // '') . "\\t$input\\n";
if (-e "$ENV{CNI_PATH}/fail-$type-$ENV{CNI_COMMAND}") { print qq({"code":100,"msg":"$type fails"}); exit 1 }
if ($ENV{CNI_COMMAND} eq 'VERSION') {
	my $versions = $type eq 'old' ? '"0.3.0","0.4.0"' : '"0.4.0","1.0.0","1.1.0"';
	print qq({"cniVersion":"1.0.0","supportedVersions":[$versions]});
}
print qq({"cniVersion":"1.1.0","interfaces":[{"name":"$type"}],"unknown":1}) if $ENV{CNI_COMMAND} eq 'ADD';
`

const POD = { containerId: 'pod', netns: '/run/netns/pod', ifname: 'eth0' }

function world(t: ExecutionContext, more: Partial<Network> = {}) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-runtime-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  for (const type of ['one', 'two', 'old']) fs.writeFileSync(path.join(directory, type), RECORDER, { mode: 0o755 })
  const plugins = [
    { type: 'one', capabilities: { portMappings: true, mac: false }, own: 'x' },
    { type: 'two', capabilities: {} },
  ]
  const network: Network = { cniVersion: '1.1.0', name: 'net', plugins, ...more }
  const programs = new Map(['one', 'two', 'old'].map(type => [type, path.join(directory, type)]))
  const runtime = new Runtime(network, localShell, programs, { cniPath: [directory] })
  const calls = () => {
    const lines = fs.readFileSync(path.join(directory, 'log'), 'utf8').trim().split('\n')
    fs.rmSync(path.join(directory, 'log'))
    return lines.map(line => {
      const [type, command, args, input = ''] = line.split('\t')
      return { type, command, args, input: JSON.parse(input || '{}') }
    })
  }
  const fail = (type: string, command: string) => fs.writeFileSync(path.join(directory, `fail-${type}-${command}`), '')
  return { directory, network, programs, runtime, calls, fail }
}

const ORDER = (calls: readonly { type?: string | undefined; command?: string | undefined }[]) =>
  calls.map(({ type, command }) => `${command} ${type}`)

test('ADD calls plugins in order, each with the result of the one before', async t => {
  const { runtime, calls } = world(t)
  const [outcome] = await runtime.add([{ ...POD, args: { A: '1', B: '2' } }])
  const [one, two] = calls()
  t.deepEqual([one?.type, two?.type], ['one', 'two'])
  t.false('prevResult' in (one?.input ?? {}))
  t.deepEqual(two?.input.prevResult, { cniVersion: '1.1.0', interfaces: [{ name: 'one' }], unknown: 1 })
  t.deepEqual(outcome?.result?.interfaces, [{ name: 'two' }])
  t.is(one?.args, 'A=1;B=2')
  t.like(one?.input, { name: 'net', cniVersion: '1.1.0', type: 'one', own: 'x' })
})

test('hands out arguments of declared capabilities only, and no declarations', async t => {
  const { runtime, calls } = world(t)
  await runtime.add([{ ...POD, capabilityArgs: { portMappings: [1], mac: '02:00:00:00:00:01' } }])
  const [one, two] = calls()
  t.deepEqual(one?.input.runtimeConfig, { portMappings: [1] })
  t.false('runtimeConfig' in (two?.input ?? {}))
  t.false('capabilities' in (one?.input ?? {}))
})

test('CHECK and DEL get the final result of ADD; DEL goes in reverse order, and forgets the result', async t => {
  const { runtime, calls } = world(t)
  await runtime.add([POD])
  calls()
  await runtime.check([POD])
  await runtime.del([POD])
  const seen = calls()
  t.deepEqual(ORDER(seen), ['CHECK one', 'CHECK two', 'DEL two', 'DEL one'])
  for (const { input } of seen) t.deepEqual(input.prevResult.interfaces, [{ name: 'two' }])
  t.is(runtime.resultOf(POD), undefined)
  await runtime.del([POD])
  for (const { input } of calls()) t.false('prevResult' in input)
})

test('DEL gets no result before version 0.4.0, and disableCheck disables CHECK', async t => {
  const { runtime, calls } = world(t, { cniVersion: '0.3.1', disableCheck: true })
  await runtime.add([POD])
  t.deepEqual(await runtime.check([POD]), [{ calls: [] }])
  await runtime.del([POD])
  for (const { command, input } of calls()) if (command === 'DEL') t.false('prevResult' in input)
})

test('ADD and DEL stop at the first error, and keep the result for another DEL', async t => {
  const { runtime, calls, fail } = world(t)
  await runtime.add([POD])
  calls()
  fail('two', 'DEL')
  const [deleted] = await runtime.del([POD])
  t.deepEqual(ORDER(calls()), ['DEL two'])
  t.like(deleted?.failure, { plugin: 'two', why: 'failed with code 100: two fails' })
  t.not(runtime.resultOf(POD), undefined)
  fail('one', 'ADD')
  const [added] = await runtime.add([{ ...POD, containerId: 'other' }])
  t.deepEqual(ORDER(calls()), ['ADD one'])
  t.is(added?.result, undefined)
})

test('a failed ADD of one container does not stop the others', async t => {
  const { runtime, directory } = world(t)
  fs.writeFileSync(path.join(directory, 'two'), '#!/bin/sh\n[ "$CNI_CONTAINERID" != b ] && echo "{}" || exit 2\n')
  const outcomes = await runtime.add(['a', 'b', 'c'].map(containerId => ({ ...POD, containerId })))
  t.deepEqual(
    outcomes.map(({ failure }) => failure?.why),
    [undefined, 'exited with status 2 and without an error in JSON', undefined],
  )
})

test('GC lists valid attachments, and continues after an error, which it reports', async t => {
  const { runtime, calls, fail } = world(t)
  fail('one', 'GC')
  const { failure } = await runtime.gc([POD])
  const seen = calls()
  t.deepEqual(ORDER(seen), ['GC one', 'GC two'])
  const [{ input } = { input: {} }] = seen
  t.deepEqual(input['cni.dev/valid-attachments'], [{ containerID: 'pod', ifname: 'eth0' }])
  t.is(failure?.plugin, 'one')
})

test('STATUS stops at the first error; operations exist since their version', async t => {
  const { runtime, calls, fail } = world(t)
  fail('one', 'STATUS')
  t.is((await runtime.status()).failure?.plugin, 'one')
  t.deepEqual(ORDER(calls()), ['STATUS one'])
  t.is(runtime.missing('GC'), undefined)
  const old = world(t, { cniVersion: '1.0.0' }).runtime
  t.is(old.missing('GC'), 'GC exists since version 1.1.0, this is 1.0.0')
  t.is(old.missing('CHECK'), undefined)
})

test('chooses the newest version that all plugins support', async t => {
  const { network, programs, directory } = world(t, { cniVersions: ['0.4.0', '1.1.0', '1.0.0'] })
  const chosen = await negotiate(network, localShell, programs, [directory])
  t.is(chosen.cniVersion, '1.1.0')
  const withOld = { ...network, plugins: [{ type: 'one' }, { type: 'old' }] }
  t.is((await negotiate(withOld, localShell, programs, [directory])).cniVersion, '0.4.0')
  const error = await t.throwsAsync(
    negotiate({ ...withOld, cniVersions: ['1.0.0'] }, localShell, programs, [directory]),
  )
  t.like(error, { code: 'CNI_VERSION' })
  t.regex(error?.message ?? '', /version 1\.0\.0: the plugin old supports 0\.3\.0, 0\.4\.0/)
})

test('lists the plugins of several directories; the first with a name takes precedence', async t => {
  const { directory } = world(t)
  const other = path.join(directory, 'other')
  fs.mkdirSync(other)
  fs.writeFileSync(path.join(other, 'one'), '', { mode: 0o755 })
  fs.writeFileSync(path.join(other, 'readme'), '')
  const programs = await listPrograms(localShell, [other, directory, '/nowhere'])
  t.is(programs.get('one'), path.join(other, 'one'))
  t.is(programs.get('two'), path.join(directory, 'two'))
  t.false(programs.has('readme'))
})

test('parses results by version', t => {
  const ip = { address: '10.0.0.2/24', interface: 0 }
  t.deepEqual(parseResult(JSON.stringify({ ips: [ip] }), '1.0.0'), { value: { ips: [ip] } })
  t.regex(JSON.stringify(parseResult(JSON.stringify({ ips: [ip] }), '0.4.0')), /ips\.0\.version/)
  t.deepEqual(parseResult(JSON.stringify({ ips: [{ version: '4', ...ip }] }), '0.3.0'), {
    value: { ips: [{ version: '4', ...ip }] },
  })
  for (const [json, why] of [
    ['', /^printed nothing$/],
    ['bridge ok', /^printed no JSON/],
    ['{"ips":[{"address":"10.0.0.2"}]}', /^ips\.0\.address: not an address with a prefix length$/],
    ['{"interfaces":[{"mac":"x"}]}', /^interfaces\.0\.name/],
    ['{"routes":[{"dst":"default"}]}', /^routes\.0\.dst/],
  ] as const) {
    const parsed = parseResult(json, '1.0.0')
    t.regex('why' in parsed ? parsed.why : '', why, json)
  }
})

test('reads errors from stdout or stderr', t => {
  const error = { code: 7, msg: 'invalid' }
  t.deepEqual(parseError(JSON.stringify(error), ''), error)
  t.deepEqual(parseError('', JSON.stringify(error)), error)
  t.is(parseError('{"msg":"no code"}', 'text'), undefined)
})

test('compares versions by numbers', t => {
  t.true(isBefore('0.4.0', '1.0.0'))
  t.true(isBefore('1.9.0', '1.10.0'))
  t.false(isBefore('1.1.0', '1.1.0'))
})
