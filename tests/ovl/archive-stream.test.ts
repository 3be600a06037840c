import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { archiveBlocks } from '../../scripts/ovl/archive-stream.ts'
import { arrange, type Member } from '../../scripts/ovl/member.ts'
import { tool } from '../needs.ts'
import { failureOf, temporaryDirectory } from './fixtures/archives.ts'

const time = new Date(1_577_836_800_000)
const pack = (members: readonly Member[]) => Buffer.concat([...archiveBlocks(arrange(members), time)])
const file = (name: string, ...chunks: string[]): Member => ({
  type: 'file',
  path: name,
  executable: false,
  content: chunks.map(chunk => Buffer.from(chunk)),
})

/** Names at the limits of ustar's fields (100 bytes, or split into 155 and 100), and one that is not ASCII. */
const MEMBERS: readonly Member[] = [
  file('text', 'in ', 'chunks'),
  file('empty'),
  file('blocks/512', 'x'.repeat(512)),
  file('blocks/513', 'x'.repeat(513)),
  file('n'.repeat(99)),
  file(`${'p'.repeat(98)}/${'n'.repeat(99)}`, 'long'),
  file('ünïcode', 'é'),
  { type: 'file', path: 'bin/tool', executable: true, content: [Buffer.from('#!/bin/sh\n')] },
  { type: 'directory', path: 'empty-directory' },
  { type: 'link', path: 'bin/link', target: 'tool' },
]

test('GNU tar and busybox unpack the tree that was packed', t => {
  const directory = temporaryDirectory(t)
  const archive = path.join(directory, 'o.tar')
  fs.writeFileSync(archive, pack(MEMBERS))
  const trees = { gnu: ['tar', 'xf'], busybox: [tool('busybox'), 'tar', '-o', '-x', '-f'] } as const
  for (const [name, [command, ...words]] of Object.entries(trees)) {
    const tree = path.join(directory, name)
    fs.mkdirSync(tree)
    execFileSync('/bin/sh', ['-c', 'umask 022; exec "$0" "$@"', command, ...words, archive, '-C', tree])
    for (const member of arrange(MEMBERS)) {
      const place = path.join(tree, member.path)
      const found = fs.lstatSync(place)
      const mode = (found.mode & 0o777).toString(8)
      if (member.type === 'directory') t.deepEqual([found.isDirectory(), mode], [true, '755'], member.path)
      else if (member.type === 'link') t.is(fs.readlinkSync(place), member.target)
      else {
        t.is(mode, member.executable ? '755' : '644', member.path)
        t.is(fs.readFileSync(place, 'utf8'), Buffer.concat(member.content).toString(), member.path)
        t.is(found.mtimeMs, time.getTime())
      }
    }
    t.is(fs.readdirSync(tree, { recursive: true }).length, arrange(MEMBERS).length)
  }
})

test('owner and order do not depend on the user or the order of the members', t => {
  const listed = execFileSync('tar', ['tvf', '-'], { input: pack(MEMBERS), env: { TZ: 'UTC', LC_ALL: 'C' } })
  for (const line of listed.toString().trim().split('\n')) t.regex(line, /^\S{10} root\/root +\d+ 2020-01-01 00:00 /)
  const reversed = MEMBERS.toReversed()
  t.deepEqual(pack(reversed), pack(MEMBERS))
})

test('refuses a name that busybox cannot read', async t => {
  for (const [name, target] of [
    ['n'.repeat(101), ''],
    ['n'.repeat(300), ''],
    ['link', 't'.repeat(101)],
  ] as const) {
    const member: Member = target ? { type: 'link', path: name, target } : file(name)
    const failure = await failureOf(() => pack([member]))
    t.is(failure.code, 'NAME_TOO_LONG')
    t.true(failure.message.includes(name))
  }
})
