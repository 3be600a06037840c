import test from 'ava'
import { headOf, hostArchitecture, isElf, isScript, requireArchitecture } from '../../scripts/ovl/elf.ts'
import { elf, failureOf, MACHINE } from './fixtures/archives.ts'

test('reads the architecture from the header, in both byte orders', async t => {
  t.notThrows(() => requireArchitecture(elf(MACHINE.amd64), 'amd64', 'x'))
  t.notThrows(() => requireArchitecture(elf(MACHINE.arm64), 'arm64', 'x'))
  const bigEndian = elf(0)
  bigEndian.writeUInt8(2, 5)
  bigEndian.writeUInt16BE(22, 18)
  t.notThrows(() => requireArchitecture(bigEndian, 's390x', 'x'))
  const failure = await failureOf(() => requireArchitecture(elf(MACHINE.arm64), 'amd64', '/a.tgz: bridge'))
  t.is(failure.code, 'WRONG_ARCHITECTURE')
  t.is(failure.exitCode, 1)
  t.is(failure.message, '/a.tgz: bridge: is for arm64, but the VMs are amd64')
  t.regex((await failureOf(() => requireArchitecture(elf(3), 'amd64', 'x'))).message, /ELF machine 3/)
})

test('distinguishes programs from other files', t => {
  t.true(isElf(headOf([elf(MACHINE.amd64)])))
  t.true(isScript(headOf([Buffer.from('#!/bin/sh\n')])))
  for (const text of ['', '#', 'Apache License', '\x7fEL']) {
    t.false(isElf(headOf([Buffer.from(text)])))
    t.false(isScript(headOf([Buffer.from(text)])))
  }
  t.false(isElf(headOf([elf(MACHINE.amd64).subarray(0, 19)])), 'truncated')
  t.false(isElf(headOf([])))
})

test('finds the head in chunks of any size', t => {
  const program = elf(MACHINE.amd64)
  const bytes = Array.from(program, byte => Buffer.from([byte]))
  t.deepEqual(headOf(bytes), headOf([program]))
})

test("names the host's architecture as releases do", async t => {
  t.is(hostArchitecture('x64'), 'amd64')
  t.is(hostArchitecture('arm64'), 'arm64')
  const failure = await failureOf(() => hostArchitecture('mips'))
  t.is(failure.exitCode, 3)
  t.regex(failure.message, /mips/)
})
