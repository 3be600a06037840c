import { spawnSync } from 'node:child_process'
import test from 'ava'
import fc from 'fast-check'
import { parseAssignments } from '../../../scripts/cluster/xcluster/assignments.ts'
import { tool } from '../../needs.ts'

const SHELLS = [['dash'], ['bash'], [tool('busybox'), 'sh']] as const

test("reads back the output of a shell's set for any value", t => {
  const line = fc.stringMatching(/^[ -~]{0,20}$/)
  fc.assert(
    fc.property(fc.constantFrom(...SHELLS), line, ([shell, ...words], value) => {
      const script = 'VALUE=$1; set | grep ^VALUE='
      const { stdout } = spawnSync(shell, [...words, '-c', script, 'sh', value], { encoding: 'utf8' })
      t.deepEqual(parseAssignments(stdout), { values: { VALUE: value }, others: [] }, stdout)
    }),
    { numRuns: 150 },
  )
})

test('separates assignments from other lines', t => {
  const { values, others } = parseAssignments(
    `WARNING: the workspace is on /tmp\n\n__nvm='4'\nexport ARCHIVE=/a/b\n= x\n9=a\nname with='a'\n`,
  )
  t.deepEqual(values, { __nvm: '4', ARCHIVE: '/a/b' })
  t.deepEqual(others, ['WARNING: the workspace is on /tmp', '= x', '9=a', "name with='a'"])
})

test('rejects values that a shell would expand', t => {
  const lines = ['A=$(touch /tmp/x)', 'B=`id`', 'C="$HOME"', 'D=a b', "E='open", 'F=a;id', 'G=*']
  t.deepEqual(parseAssignments(lines.join('\n')), { values: {}, others: lines })
})

test('uses the last assignment of a name', t => {
  t.deepEqual(parseAssignments("A='1'\nA='2'").values, { A: '2' })
})
