import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { unpackKernel } from '../../../../scripts/cluster/vm/image/kernel.ts'
import { tool } from '../../../needs.ts'

const CONTENT = Buffer.from('the kernel proper '.repeat(1000))

function scratch(t: ExecutionContext): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-kernel-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  return directory
}

/** A bzImage with only the header fields that locate the payload. */
function makeImage(payload: Buffer, size = CONTENT.length): Buffer {
  const setup = Buffer.alloc(2 * 512)
  setup.writeUInt8(1, 0x1f1)
  setup.write('HdrS', 0x202, 'latin1')
  setup.writeUInt16LE(0x20f, 0x206)
  setup.writeUInt32LE(16, 0x248)
  setup.writeUInt32LE(payload.length + 4, 0x24c)
  const end = Buffer.alloc(4)
  end.writeUInt32LE(size)
  return Buffer.concat([setup, Buffer.alloc(16), payload, end, Buffer.from('what follows')])
}

const packed = (command: string, ...words: string[]) => execFileSync(tool(command), words, { input: CONTENT })

for (const [command, ...words] of [
  ['lz4', '-l', '-c', '-q'],
  ['zstd', '-c', '-q'],
  ['xz', '-c', '--check=crc32'],
] as const) {
  test(`unpacks a kernel compressed with ${command}`, async t => {
    const directory = scratch(t)
    const [source, target] = [path.join(directory, 'vmlinuz'), path.join(directory, 'vmlinux')]
    fs.writeFileSync(source, makeImage(packed(command, ...words)))
    await unpackKernel(source, target)
    t.deepEqual(fs.readFileSync(target), CONTENT)
    t.deepEqual(fs.readdirSync(directory).sort(), ['vmlinux', 'vmlinuz'])
  })
}

for (const [what, image] of [
  ['not a bzImage', Buffer.from('ELF')],
  ['truncated', makeImage(packed('zstd', '-c', '-q')).subarray(0, 1050)],
  ['of another size than its header says', makeImage(packed('zstd', '-c', '-q'), 5)],
  ['compressed in an unknown way', makeImage(Buffer.from('????????'))],
] as const) {
  test(`refuses a kernel that is ${what}`, async t => {
    const directory = scratch(t)
    const source = path.join(directory, 'vmlinuz')
    fs.writeFileSync(source, image)
    await t.throwsAsync(unpackKernel(source, path.join(directory, 'vmlinux')), { code: 'BAD_KERNEL' })
  })
}
