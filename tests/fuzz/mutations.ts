import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { elf, MACHINE, paxHeader, type RawMember, rawTar } from '../ovl/fixtures/archives.ts'
import type { Random } from './random.ts'

const BLOCK = 512

/** Small tar archives, valid and invalid, in several formats. */
export function makeCorpus(directory: string): readonly Buffer[] {
  const plugin = (bytes: number) => elf(MACHINE.amd64, bytes)
  fs.mkdirSync(path.join(directory, 'sub'), { recursive: true })
  for (const [name, size] of [
    ['bridge', 700],
    ['host-local', 64],
    ['sub/other', 1500],
  ] as const)
    fs.writeFileSync(path.join(directory, name), plugin(size), { mode: 0o755 })
  fs.symlinkSync('bridge', path.join(directory, 'sub', 'link'))
  const packed = ['v7', 'ustar', 'gnu', 'pax'].flatMap(format =>
    [['bridge', 'host-local'], ['.']].map(names =>
      execFileSync('tar', [`--format=${format}`, '--blocking-factor=1', '-C', directory, '-cf', '-', ...names]),
    ),
  )
  const good = { name: 'bridge', content: plugin(900) }
  const handmade: RawMember[][] = [
    [good],
    [
      { name: './', type: '5' },
      { ...good, name: './bridge' },
      { name: 'LICENSE', content: 'free', mode: 0o644 },
    ],
    [paxHeader({ path: 'dhcp', size: '900' }), good],
    [{ name: '././@LongLink', type: 'L', content: `${'x'.repeat(120)}\0` }, good],
    [{ name: 'script', content: '#!/bin/sh\n' }, good],
  ]
  return [...packed, ...handmade.map(members => rawTar(members))]
}

const HOSTILE: readonly RawMember[][] = [
  [{ name: '../evil', content: 'x' }],
  [{ name: '/tmp/netns-fuzz-evil', content: 'x' }],
  [{ name: 'evil', type: '2', target: '/etc/passwd' }],
  [{ name: 'evil', type: '1', target: '../../evil' }],
  [{ name: 'evil', type: '3' }],
  [{ name: 'evil', type: '6' }],
  [{ name: 'evil', type: 'S' }],
  [
    { name: 'sub', type: '2', target: '/tmp' },
    { name: 'sub/evil', content: 'x' },
  ],
  [paxHeader({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' }), { name: 'evil', content: '1\n0\n1\n' }],
  [paxHeader({ 'GNU.sparse.size': '99', 'GNU.sparse.numblocks': '0' }), { name: 'evil', content: 'x' }],
  [paxHeader({ path: '../evil' }), { name: 'evil', content: 'x' }],
  [paxHeader({ size: '-5' }), { name: 'evil', content: 'x' }],
  [paxHeader({ size: '99999999999999' }), { name: 'evil', content: 'x' }],
  [{ name: 'evil', content: 'x', size: 0o77777777777 }],
  [{ ...paxHeader({ path: 'evil' }), type: 'g' }],
  [{ name: 'setuid', content: elf(MACHINE.amd64, 100), mode: 0o6777 }],
  [{ name: `evil\u001b[2J\u202e`, type: '3' }],
]

/** Damages or forges an archive with random mutations. */
export function mutate(tar: Buffer, corpus: readonly Buffer[], random: Random): Buffer {
  let result: Buffer = Buffer.from(tar)
  for (let times = random.pick([0, 1, 1, 1, 2, 3]); times > 0; times--)
    result = random.pick(MUTATIONS)(result, corpus, random)
  return result
}

type Mutation = (tar: Buffer, corpus: readonly Buffer[], random: Random) => Buffer

const blockOf = (tar: Buffer, random: Random) => BLOCK * random.below(Math.max(1, Math.floor(tar.length / BLOCK)))

const splice = (tar: Buffer, at: number, removed: number, added: Buffer) =>
  Buffer.concat([tar.subarray(0, at), added, tar.subarray(at + removed)])

/** Updates the checksum of a header. */
function sign(tar: Buffer, at: number): Buffer {
  if (at + BLOCK > tar.length) return tar
  tar.fill(' ', at + 148, at + 156)
  const sum = tar.subarray(at, at + BLOCK).reduce((total, byte) => total + byte, 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148)
  return tar
}

const MUTATIONS: readonly Mutation[] = [
  (tar, _corpus, random) => {
    for (let times = random.below(8); times >= 0 && tar.length > 0; times--)
      tar[random.below(tar.length)] = random.below(256)
    return tar
  },
  // Header fields: name, mode, size, type, target, magic, prefix.
  (tar, _corpus, random) => {
    const at = blockOf(tar, random)
    const [offset, length] = random.pick([
      [0, 100],
      [100, 8],
      [124, 12],
      [156, 1],
      [157, 100],
      [257, 8],
      [345, 155],
    ] as const)
    random.bytes(1 + random.below(length)).copy(tar, at + offset)
    return sign(tar, at)
  },
  (tar, _corpus, random) => {
    const at = blockOf(tar, random)
    if (at + BLOCK <= tar.length)
      tar.write(random.pick([...'0123456789ABDgKLMNSVXx', '\0', '\xff']), at + 156, 'latin1')
    return sign(tar, at)
  },
  (tar, _corpus, random) => tar.subarray(0, random.below(tar.length + 1)),
  (tar, _corpus, random) => splice(tar, blockOf(tar, random), BLOCK * random.below(3), Buffer.alloc(0)),
  (tar, _corpus, random) => {
    const at = blockOf(tar, random)
    return splice(tar, at, 0, tar.subarray(at, at + BLOCK * random.below(4)))
  },
  (tar, _corpus, random) => splice(tar, blockOf(tar, random), 0, rawTar(random.pick(HOSTILE), Buffer.alloc(0))),
  (tar, corpus, random) => splice(tar, blockOf(tar, random), 0, random.pick(corpus)),
  (tar, _corpus, random) => Buffer.concat([rawTar(random.pick(HOSTILE), Buffer.alloc(0)), tar]),
  (tar, _corpus, random) =>
    splice(tar, blockOf(tar, random), 0, Buffer.alloc(BLOCK * random.below(5), random.below(2))),
]
