import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { kernelVersionOf, requireKernel, unpackKernel } from '../../../../scripts/cluster/vm/image/kernel.ts'
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

/** An `Image` of arm64 with only its magic number. */
const arm64Image = (): Buffer => {
  const image = Buffer.alloc(0x400)
  image.write('ARM\x64', 0x38, 'latin1')
  return image
}

/** A compressed EFI kernel of arm64 (CONFIG_EFI_ZBOOT): where its payload begins, its size, and its compression. */
function makeZimg(name: string, payload: Buffer): Buffer {
  const head = Buffer.alloc(0x400)
  head.write('MZ\0\0zimg', 0, 'latin1')
  head.writeUInt32LE(head.length, 8)
  head.writeUInt32LE(payload.length, 12)
  head.write(name, 24, 'latin1')
  return Buffer.concat([head, payload, Buffer.from('what follows')])
}

test('unpacks a compressed EFI kernel of arm64', async t => {
  const directory = scratch(t)
  const [source, target] = [path.join(directory, 'vmlinuz.efi'), path.join(directory, 'vmlinux')]
  for (const [name, payload] of [
    ['gzip', zlib.gzipSync(CONTENT)],
    ['zstd', packed('zstd', '-c', '-q')],
  ] as const) {
    fs.writeFileSync(source, makeZimg(name, payload))
    await unpackKernel(source, target, 'arm64')
    t.deepEqual(fs.readFileSync(target), CONTENT, name)
  }
  fs.writeFileSync(source, makeZimg('lzo', CONTENT))
  await t.throwsAsync(unpackKernel(source, target, 'arm64'), { code: 'BAD_KERNEL', message: /compression lzo/ })
})

test('unpacks an Image of arm64, also packed by gzip', async t => {
  const directory = scratch(t)
  const [source, target] = [path.join(directory, 'Image'), path.join(directory, 'vmlinux')]
  for (const content of [arm64Image(), zlib.gzipSync(arm64Image())]) {
    fs.writeFileSync(source, content)
    await unpackKernel(source, target, 'arm64')
    t.deepEqual(fs.readFileSync(target), arm64Image())
  }
  await t.throwsAsync(unpackKernel(source, target, 'amd64'), { code: 'BAD_KERNEL' })
})

test('keeps a bzImage whose kernel QEMU cannot start directly', async t => {
  const directory = scratch(t)
  const [source, target] = [path.join(directory, 'bzImage'), path.join(directory, 'vmlinux')]
  const elf = Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(1000)])
  const image = makeImage(zlib.gzipSync(elf), elf.length)
  fs.writeFileSync(source, image)
  await unpackKernel(source, target)
  t.deepEqual(fs.readFileSync(target), image)
})

test('refuses a file of --kernel that is not a kernel, or is for another architecture, before anything starts', t => {
  const file = path.join(scratch(t), 'kernel')
  const refused = (content: Buffer, architecture: 'amd64' | 'arm64', message: RegExp) => {
    fs.writeFileSync(file, content)
    const error = t.throws(() => requireKernel(file, architecture), { code: 'BAD_KERNEL', message })
    t.is((error as Error & { exitCode: number }).exitCode, 2)
  }
  refused(Buffer.from('#!/bin/sh\n'), 'amd64', /is not a kernel/)
  refused(Buffer.alloc(0), 'arm64', /is not a kernel/)
  refused(arm64Image(), 'amd64', /is a kernel for arm64/)
  refused(makeImage(Buffer.alloc(100)), 'arm64', /is a kernel for amd64/)
  fs.rmSync(file)
  t.throws(() => requireKernel(file, 'amd64'), { code: 'BAD_KERNEL', message: /no such file/ })
  fs.writeFileSync(file, makeImage(Buffer.alloc(100)))
  t.notThrows(() => requireKernel(file, 'amd64'))
})

test('finds the version of a kernel in its file', t => {
  const file = path.join(scratch(t), 'Image')
  fs.writeFileSync(file, Buffer.concat([arm64Image(), Buffer.from('Linux version 6.9.1-mine (me@here) gcc')]))
  t.is(kernelVersionOf(file), '6.9.1-mine')
  fs.writeFileSync(file, arm64Image())
  t.is(kernelVersionOf(file), 'Image')
})
