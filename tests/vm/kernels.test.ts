import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { makeKeys } from '../../scripts/cluster/own/keys.ts'
import { startVms } from '../../scripts/cluster/vm/boot.ts'
import { nativeArchitecture } from '../../scripts/settings/guest.ts'
import type { NodePlan } from '../../scripts/settings/nodes.ts'
import { processesIn } from './program.ts'

const plan: NodePlan = { number: 1, name: 'vm-001', role: 'worker', memoryMiB: 64, cpus: 1, nets: [0] }
const CONSOLE = 'tiny: loading\ntiny: not syncing\n'

/** The keyboard controller's reset, which ends QEMU, as a panic does; and a CPU that waits forever. */
const ENDS = { panics: [0xb0, 0xfe, 0xe6, 0x64, 0xf4, 0xeb, 0xfd], hangs: [0xf4, 0xeb, 0xfd] } as const

/** A kernel that writes to the serial port and ends: an ELF file for QEMU's PVH boot, which starts in 32-bit mode. */
function tinyKernel(end: readonly number[]): Buffer {
  const [start, headers] = [0x100000, 64 + 2 * 56]
  const note = Buffer.alloc(24)
  const entry = start + headers + note.length
  for (const [at, value] of [4, 8, 18].entries()) note.writeUInt32LE(value, at * 4)
  note.write('Xen\0', 12, 'latin1')
  note.writeUInt32LE(entry, 16)
  const code = Buffer.from([
    ...[0xfc, 0xba, 0xf8, 0x03, 0, 0], // cld; mov edx, the serial port
    ...[0xbe, 0, 0, 0, 0], // mov esi, the text
    ...[0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8], // write each byte until one is 0
    ...end,
  ])
  code.writeUInt32LE(entry + code.length, 7)
  const content = Buffer.concat([note, code, Buffer.from(`${CONSOLE}\0`)])
  const head = Buffer.alloc(headers)
  head.write('\x7fELF\x02\x01\x01', 0, 'latin1')
  for (const [at, value] of [
    [16, 2],
    [18, 62],
    [20, 1],
    [24, entry],
    [32, 64],
    [52, 64],
    [54, 56],
    [56, 2],
  ] as const)
    head.writeUInt16LE(value & 0xffff, at)
  head.writeUInt32LE(entry, 24)
  for (const [index, type, offset, size] of [
    [0, 1, 0, headers + content.length],
    [1, 4, headers, note.length],
  ] as const) {
    const at = 64 + index * 56
    head.writeUInt32LE(type, at)
    head.writeUInt32LE(7, at + 4)
    for (const [place, value] of [offset, start + offset, start + offset, size, size, 4].entries())
      head.writeUInt32LE(value, at + 8 + place * 8)
  }
  return Buffer.concat([head, content])
}

/** Starts a VM of a kernel that ends in this way. */
async function boot(t: ExecutionContext, end: readonly number[], timeoutSeconds: number) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-tiny-'))
  t.teardown(() => {
    for (const pid of processesIn(directory)) process.kill(pid, 'SIGKILL')
    fs.rmSync(directory, { recursive: true, maxRetries: 10, retryDelay: 20 })
  })
  const file = path.join(directory, 'kernel')
  fs.writeFileSync(file, tinyKernel(end))
  return await startVms({
    plans: [plan],
    clusterDirectory: directory,
    parts: { kernel: file, initrd: file, disks: [file], accelerator: 'tcg', architecture: 'amd64' },
    templateOf: () => undefined,
    identity: {
      keys: makeKeys(),
      environment: {},
      prefix: 'fd00:',
      ovls: 0,
      rndAddresses: '',
      nodes: [plan],
      hosts: '',
      bareNets: [],
      alsoForwarding: [],
    },
    timeoutSeconds,
    onQemu: () => {},
    emit: () => {},
    signal: new AbortController().signal,
  })
}

const testOnAmd64 = nativeArchitecture() === 'amd64' ? test : test.skip
const LINES = 'last lines of the console of vm-001:\n    tiny: loading\n    tiny: not syncing\n'

testOnAmd64('reports a kernel that panics with the last lines of its console', async t => {
  const error = await t.throwsAsync(boot(t, ENDS.panics, 60), { code: 'VM_LOST' })
  t.regex(error?.message ?? '', /^vm-001 did not come up: its QEMU exited with 0/)
  t.true(error?.message.includes(LINES), error?.message)
})

testOnAmd64('reports a kernel that hangs with the last lines of its console', async t => {
  const error = await t.throwsAsync(boot(t, ENDS.hangs, 10), { code: 'VM_NOT_UP' })
  t.regex(error?.message ?? '', /^1 of 1 VMs did not come up in 10 s: vm-001\n/)
  t.true(error?.message.includes(LINES), error?.message)
})
