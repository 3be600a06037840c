import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Duplex, PassThrough } from 'node:stream'
import test from 'ava'
import { consoleTail } from '../../../scripts/cluster/own/consoles.ts'
import { endChildren } from '../../../scripts/cluster/own/spawn.ts'
import { openControl } from '../../../scripts/cluster/vm/control.ts'
import { checkMemory } from '../../../scripts/cluster/vm/memory-needs.ts'
import { openQmp } from '../../../scripts/cluster/vm/qmp.ts'
import { startSwitches } from '../../../scripts/cluster/vm/switches.ts'
import type { Failure } from '../../../scripts/errors/failure.ts'
import type { NodePlan } from '../../../scripts/settings/nodes.ts'

const plan = { number: 1, name: 'vm-001', role: 'worker', memoryMiB: 1024, cpus: 1, nets: [0, 1] } as const

/** One end of a socket, and the streams that feed and drain it. */
function socket() {
  const incoming = new PassThrough()
  const outgoing = new PassThrough()
  return { end: Duplex.from({ readable: incoming, writable: outgoing }), incoming, outgoing }
}

test('awaits the stages of a guest in any order, and passes on the reason when it fails', async t => {
  const { end, incoming } = socket()
  const control = openControl(end)
  const up = control.reached('up')
  incoming.write('ready\nu')
  await control.reached('ready')
  incoming.write('p\n')
  await up
  incoming.write('failed no root disk\n')
  await new Promise(setImmediate)
  await t.throwsAsync(control.reached('up'), { message: 'no root disk' })
})

test('fails a guest that floods its control port, with or without line breaks, and stops reading', async t => {
  for (const piece of ['x'.repeat(1000), 'ready \n'.repeat(100), 'failed no\n'.repeat(100)]) {
    const { end, incoming } = socket()
    const control = openControl(end)
    const up = control.reached('up')
    up.catch(() => {})
    for (let number = 0; number < 1000; number++) incoming.write(piece)
    await t.throwsAsync(up, { message: /more than 64 KiB on its control port|^no$/ })
    t.true(end.isPaused())
    control.close()
  }
})

test("reduces a guest's reason to one line without terminal codes", async t => {
  const { end, incoming } = socket()
  const control = openControl(end)
  incoming.write(`failed \u001b[2Jno \u202edisk${'!'.repeat(10_000)}\n`)
  const error = await t.throwsAsync(control.reached('up'))
  t.regex(error?.message ?? '', /^no disk!{493}$/)
})

test('ignores a QMP message that is cut off because QEMU was killed', async t => {
  const { end, incoming } = socket()
  const qmp = openQmp(end)
  incoming.end('{"QMP": {"version": {"qemu"')
  await new Promise(setImmediate)
  qmp.close()
  t.pass()
})

test('ignores errors of the ports of a VM that ends', async t => {
  for (const open of [openControl, openQmp]) {
    const { end } = socket()
    open(end)
    end.destroy(new Error('read ECONNRESET'))
    await new Promise(setImmediate)
  }
  t.pass()
})

test('matches QMP responses to commands, apart from events, and reads the version from the greeting', async t => {
  const { end, incoming, outgoing } = socket()
  const qmp = openQmp(end)
  const first = qmp.execute('one')
  const second = qmp.execute('two', { a: 1 })
  const version = { qemu: { micro: 22, minor: 2, major: 7 }, package: 'Debian 1:7.2+dfsg-7+deb12u18+b3' }
  incoming.write(`${JSON.stringify({ QMP: { version, capabilities: ['oob'] } })}\n`)
  incoming.write('{"return":{}}\n{"event":"RESUME"}\n{"return":"1"}\n{"error":{"class":"X","desc":"no such thing"}}\n')
  t.is(await qmp.version, '7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)')
  t.is(await first, '1')
  await t.throwsAsync(second, { message: 'no such thing' })
  t.true(String(outgoing.read()).includes('{"execute":"two","arguments":{"a":1}}'))
})

test('refuses a cluster that needs more memory than is free, with the estimate', t => {
  const meminfo = 'MemTotal: 9 kB\nMemAvailable: 1048576 kB\nSwapFree: 0 kB\n'
  const check = (count: number, cold: boolean, podsPerNode = 4) =>
    checkMemory(Array<NodePlan>(count).fill(plan), { cold, podsPerNode }, meminfo)
  t.notThrows(() => check(10, false))
  const refused = t.throws<Failure>(() => check(12, false), {
    code: 'NO_MEMORY',
    message: '12 VMs need about 1.1 GiB of memory, but 1.0 GiB are free',
  })
  t.is(refused?.hint, 'there is room for about 10 (--nvm)')
  t.throws(() => check(10, false, 250), { code: 'NO_MEMORY' })
  t.throws(() => check(10, true), { message: '10 VMs need about 2.1 GiB of memory, but 1.0 GiB are free' })
})

test('returns the tail of a console as plain text that ends with the kernel panic', t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-console-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  t.deepEqual(consoleTail(directory, 'vm-001', 3), [])
  fs.writeFileSync(
    path.join(directory, 'vm-001.console'),
    'a\r\n\u001b[0mb\r\n\r\nKernel panic - x\r\nCall Trace:\r\n foo\r\n',
  )
  t.deepEqual(consoleTail(directory, 'vm-001', 2), ['b', 'Kernel panic - x'])
})

test('reports a switch that exits, with its last line, instead of waiting for it', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-boot-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
  fs.writeFileSync(path.join(directory, 'vde_switch'), '#!/bin/sh\necho no room >&2\nexit 7\n', { mode: 0o755 })
  const { PATH } = process.env
  process.env.PATH = `${directory}:${PATH}`
  t.teardown(() => {
    process.env.PATH = PATH
  })
  await t.throwsAsync(startSwitches(directory, [1], 2, new AbortController().signal), {
    code: 'SWITCH_FAILED',
    message: /exited with 7: no room/,
  })
})

test('stops waiting for a switch when the run is aborted', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-boot-'))
  t.teardown(async () => {
    await endChildren(directory)
    fs.rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  })
  const signal = AbortSignal.abort(new Error('enough'))
  await t.throwsAsync(startSwitches(directory, [1], 2, signal), { message: 'enough' })
})
