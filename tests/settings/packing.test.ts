import path from 'node:path'
import test from 'ava'
import { Failure } from '../../scripts/errors/failure.ts'
import type { Environment } from '../../scripts/host/environment.ts'
import { type PackingOptions, readPacking } from '../../scripts/settings/packing.ts'

test('by default uses the home directory, paths of the distribution, a constant time and a random seed', t => {
  const { seed, ...packing } = readPacking({}, { HOME: '/home/a' })
  t.deepEqual(packing, {
    cni: undefined,
    cniDirectories: ['/usr/lib/cni', '/usr/libexec/cni', '/opt/cni/bin'],
    archiveDirectories: ['/home/a/Downloads'],
    ipuPaths: ['/home/a/bin/ipu', '/home/a/tmp/nfqlb/bin/ipu'],
    time: new Date('2020-01-01T00:00:00Z'),
    required: [],
  })
  t.true(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)
  t.not(seed, readPacking({}, { HOME: '/home/a' }).seed)
  t.true(Object.isFrozen(readPacking({}, {})))
})

test('directories of the environment take precedence over defaults', t => {
  const packing = readPacking(
    { cni: 'x.tgz', seed: '0', require: 'cni,ipu' },
    { HOME: '/home/a', ARCHIVE: '/archive', NFQLBDIR: '/usr', SOURCE_DATE_EPOCH: '4294967295' },
  )
  t.is(packing.cni, path.resolve('x.tgz'))
  t.deepEqual(packing.archiveDirectories, ['/archive', '/home/a/Downloads'])
  t.is(packing.ipuPaths[0], '/usr/bin/ipu')
  t.is(packing.seed, 0)
  t.is(packing.time.getTime(), 4_294_967_295_000)
  t.deepEqual(packing.required, ['cni', 'ipu'])
})

test('treats empty variables as unset', t => {
  const empty = readPacking({ seed: '1' }, { HOME: '/home/a', ARCHIVE: '', NFQLBDIR: '', SOURCE_DATE_EPOCH: '' })
  t.deepEqual(empty, readPacking({ seed: '1' }, { HOME: '/home/a' }))
})

const cases: readonly [what: string, options: PackingOptions, environment: Environment, expected: string][] = [
  ['a seed that is not a number', { seed: 'x' }, {}, '--seed=x'],
  ['an empty seed', { seed: '' }, {}, '--seed='],
  ['a negative seed', { seed: '-1' }, {}, '--seed=-1'],
  ['a fraction', { seed: '1.5' }, {}, '--seed=1.5'],
  ['a seed of more than 32 bits', { seed: '4294967296' }, {}, '--seed=4294967296'],
  ['an invalid time', {}, { SOURCE_DATE_EPOCH: 'now' }, 'SOURCE_DATE_EPOCH=now'],
  ['an unknown part', { require: 'cni,foo' }, {}, '--require=cni,foo'],
  ['no part', { require: '' }, {}, '--require='],
  ['a missing NFQLBDIR', {}, { NFQLBDIR: '/nonexistent' }, 'NFQLBDIR=/nonexistent'],
  ['an NFQLBDIR that is a file', {}, { NFQLBDIR: '/etc/passwd' }, 'NFQLBDIR=/etc/passwd'],
  ['an NFQLBDIR below a file', {}, { NFQLBDIR: '/etc/passwd/x' }, 'NFQLBDIR=/etc/passwd/x'],
]
for (const [what, options, environment, expected] of cases) {
  test(`refuses ${what}`, t => {
    const failure = t.throws(() => readPacking(options, environment), { instanceOf: Failure })
    t.is(failure.exitCode, 2)
    t.true(failure.message.includes(expected), failure.message)
  })
}
