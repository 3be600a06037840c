import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { ErrorCode } from '../../scripts/errors/codes.ts'
import { findIpu, type IpuSource, readIpu } from '../../scripts/ovl/ipu.ts'
import { readPacking } from '../../scripts/settings/packing.ts'
import { tool as testTool } from '../needs.ts'
import { elf, failureOf, MACHINE, type RawMember, rawTar, temporaryDirectory } from './fixtures/archives.ts'

const tool = elf(MACHINE.amd64, 2000)

function writeTxz(directory: string, members: readonly RawMember[], name = 'nfqlb-1.0.0.tar.xz'): IpuSource {
  const place = path.join(directory, name)
  fs.writeFileSync(place, execFileSync(testTool('xz'), ['--stdout'], { input: rawTar(members) }))
  return { place, version: '1.0.0', isArchive: true }
}

function writeTool(directory: string, content: Buffer | string = tool): string {
  fs.mkdirSync(path.join(directory, 'bin'), { recursive: true })
  const file = path.join(directory, 'bin/ipu')
  fs.writeFileSync(file, content)
  return file
}

test('searches NFQLBDIR, home, tmp/nfqlb and archives, in this order', t => {
  const home = temporaryDirectory(t)
  const nfqlb = path.join(home, 'nfqlb')
  const downloads = path.join(home, 'Downloads')
  fs.mkdirSync(nfqlb)
  fs.mkdirSync(downloads)
  const find = () => findIpu(readPacking({}, { HOME: home, NFQLBDIR: nfqlb }))?.place
  t.is(find(), undefined)
  for (const name of ['nfqlb-0.9.0.tar.xz', 'nfqlb-0.10.0.tar.xz']) writeTxz(downloads, [], name)
  t.is(find(), path.join(downloads, 'nfqlb-0.10.0.tar.xz'))
  const [last, middle, first] = [path.join(home, 'tmp/nfqlb'), home, nfqlb].map(place => writeTool(place))
  t.is(find(), first)
  fs.rmSync(first ?? '')
  t.is(find(), middle)
  fs.rmSync(middle ?? '')
  t.is(find(), last)
})

test('finds no ipu in a home that is a file', t => {
  const file = path.join(temporaryDirectory(t), 'file')
  fs.writeFileSync(file, '')
  t.is(findIpu(readPacking({}, { HOME: file })), undefined)
})

test('extracts only bin/ipu below the top directory of an archive', async t => {
  const directory = temporaryDirectory(t)
  const source = writeTxz(directory, [
    { name: 'nfqlb-1.0.0/', type: '5' },
    { name: 'nfqlb-1.0.0/bin/nfqlb', content: elf(MACHINE.amd64) },
    { name: 'nfqlb-1.0.0/src/bin/ipu', content: 'another' },
    { name: 'nfqlb-1.0.0/bin/ipu', content: tool },
  ])
  const member = await readIpu(source, 'amd64')
  t.like(member, { type: 'file', path: 'bin/ipu', executable: true })
  t.deepEqual(member.type === 'file' && Buffer.concat(member.content), tool)
})

function refuses(what: string, make: (t: ExecutionContext) => IpuSource, code: ErrorCode, expected: RegExp) {
  test(`refuses ${what}`, async t => {
    const source = make(t)
    const failure = await failureOf(readIpu(source, 'amd64'))
    t.is(failure.code, code)
    t.is(failure.exitCode, 1)
    t.true(failure.message.startsWith(source.place), failure.message)
    t.regex(failure.message, expected)
  })
}

const packed = (members: readonly RawMember[]) => (t: ExecutionContext) => writeTxz(temporaryDirectory(t), members)
const plain = (content: Buffer | string) => (t: ExecutionContext) => ({
  place: writeTool(temporaryDirectory(t), content),
  version: '',
  isArchive: false,
})

refuses(
  'an archive without ipu',
  packed([{ name: 'a/bin/nfqlb', content: tool }]),
  'NO_IPU',
  /contains no <top directory>\/bin\/ipu/,
)
refuses(
  'an archive with two of them',
  packed(['a', 'b'].map(top => ({ name: `${top}/bin/ipu`, content: tool }))),
  'NO_IPU',
  /both a\/bin\/ipu and b\/bin\/ipu/,
)
refuses(
  'an archive in which it is a link',
  packed([{ name: 'a/bin/ipu', type: '2', target: '/bin/sh' }]),
  'ARCHIVE_UNSAFE',
  /a\/bin\/ipu.*SymbolicLink/,
)
refuses('an empty tool', packed([{ name: 'a/bin/ipu' }]), 'NO_IPU', /not an executable/)
refuses('a script as tool', plain('#!/bin/sh\n'), 'NO_IPU', /not an executable/)
refuses('a tool for another architecture', plain(elf(MACHINE.arm64)), 'WRONG_ARCHITECTURE', /for arm64/)
