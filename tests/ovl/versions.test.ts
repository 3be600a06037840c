import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { compareVersions, newestRelease } from '../../scripts/ovl/versions.ts'
import { temporaryDirectory } from './fixtures/archives.ts'

test('orders pre-releases, and versions of different lengths', t => {
  const ordered = [
    '0.9.0',
    '1.0.0-alpha',
    '1.0.0-rc1',
    '1.0.0-rc2',
    '1.0.0-rc10',
    '1.0.0',
    '1.2',
    '1.2.0',
    '1.9.1',
    '1.10.0',
    '2024.1',
    '12345678901234567890.1',
    '12345678901234567891',
  ]
  t.deepEqual(ordered.toReversed().sort(compareVersions), ordered)
})

test('compares numbers by value', t => {
  const part = fc.nat(2000)
  fc.assert(
    fc.property(part, part, part, part, (a, b, c, d) => {
      t.is(Math.sign(compareVersions(`${a}.${b}`, `${c}.${d}`)), Math.sign(a - c || b - d))
    }),
  )
})

test('the order is antisymmetric, reflexive and transitive', t => {
  const version = fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{1,3}([.-][0-9a-c]{1,2}){0,3}$/))
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      t.is(Math.sign(compareVersions(a, b)), 0 - Math.sign(compareVersions(b, a)))
      t.is(compareVersions(a, a), 0)
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) t.true(compareVersions(a, c) <= 0)
    }),
  )
})

test('finds the newest release, and among equal versions the one in the first directory', t => {
  const directory = temporaryDirectory(t)
  const [a, b] = ['a', 'b'].map(name => path.join(directory, name)) as [string, string]
  for (const [place, ...names] of [
    [a, 'x-1.9.1.tgz', 'x-1.10.0.tgz', 'x-1.10.0-rc1.tgz', 'y-2.0.0.tgz', 'x-3.0.0.tgz.part'],
    [b, 'x-1.10.0.tgz'],
  ] as const) {
    fs.mkdirSync(place)
    for (const name of names) fs.writeFileSync(path.join(place, name), '')
  }
  // Not releases: a directory and a dangling link.
  fs.mkdirSync(path.join(a, 'x-4.0.0.tgz'))
  fs.symlinkSync('nowhere', path.join(a, 'x-5.0.0.tgz'))
  const name = /^x-(\d.*)\.tgz$/
  const newest = { version: '1.10.0', file: path.join(a, 'x-1.10.0.tgz') }
  t.deepEqual(newestRelease([a, b], name), newest)
  t.deepEqual(newestRelease([path.join(directory, 'missing'), b, a], name)?.file, path.join(b, 'x-1.10.0.tgz'))
  t.is(newestRelease([a], /^z-(\d.*)$/), undefined)
  t.is(newestRelease([], name), undefined)
})
