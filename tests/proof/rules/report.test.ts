import { execFileSync } from 'node:child_process'
import test from 'ava'
import { describeMatrix, describeUnproved, describeWrong, proofToJson } from '../../../scripts/proof/rules/report.ts'
import { probeSvg } from '../../../scripts/proof/rules/svg.ts'
import { tool } from '../../needs.ts'
import { conforms } from '../../schema.ts'
import { MATRIX } from './probe-matrix.ts'

test('describes a matrix, a wrong pair and an unproved POD in a line each', t => {
  t.is(describeMatrix(MATRIX), 'tcp/80: 1 of 2 pairs reply; 2 of 3 forbidden pairs blocked (1 not sent)')
  t.is(describeWrong(MATRIX, MATRIX.wrong[0] as never), 'a → b< 10.0.0.2 tcp/80 is silent, but must reply')
  const unproved = describeUnproved(MATRIX, MATRIX.unproved[0] as never)
  t.is(unproved, 'b<: 2 silent tcp/80 pairs over IPv4 prove nothing: it does not even answer itself')
})

test('matrix.json of rules has a matrix for each probe, with the observations', t => {
  const rules = { rules: [{ protocol: 'tcp/80', expect: 'reply' }], default: 'silent' } as const
  const json = JSON.parse(proofToJson('policy', { rules, matrices: [MATRIX], spreads: [] }))
  t.is(json.version, 2)
  conforms(t, 'rules-matrix', json)
  t.deepEqual(json.rules, rules)
  const [matrix] = json.matrices
  t.is(matrix.protocol, 'tcp/80')
  t.deepEqual(matrix.rows, [
    [null, ['refused', 'admin-prohibited', '10.0.0.2']],
    [['reply', { pod: 'a', node: 'vm-001' }, 0.5], null],
  ])
  t.is(matrix.wrong[0].why, 'is silent, but must reply')
})

test('draws a matrix as well-formed SVG with the observations', t => {
  const svg = probeSvg('policy & more', MATRIX)
  execFileSync(tool('xmllint'), ['--noout', '-'], { input: svg })
  t.regex(svg, /policy &amp; more: tcp\/80/)
  t.regex(svg, /<title>b&lt; → a 10\.0\.0\.1: replies in 0\.5 ms<\/title>/)
  t.regex(svg, /fill="#d55e00"><title>a → b&lt; 10\.0\.0\.2: is silent, but must reply<\/title>/)
})
