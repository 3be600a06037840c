import path from 'node:path'
import { inflateSync } from 'node:zlib'
import test from 'ava'
import type { RunEvent } from '../../../scripts/events/events.ts'
import { MATRIX } from '../../proof/rules/probe-matrix.ts'
import { dataOf, directory, report } from './report.ts'

const at = 1_700_000_000_000

test('shows a picture for each probe of rules, and says which has unexpected results', async t => {
  const rules = { rules: [{ protocol: 'tcp/80', expect: 'reply' }], default: 'silent' } as const
  const right = { ...MATRIX, probe: { ...MATRIX.probe, protocol: 'udp/53' }, wrong: [], unproved: [] } as const
  const events: RunEvent[] = [
    { at, type: 'run-start', tests: ['policy'] },
    { at, type: 'test-start', test: 'policy', summary: 'rules', settings: [] },
    { at, type: 'probes', test: 'policy', proof: { rules, matrices: [MATRIX, right], spreads: [] }, text: 'both' },
    { at, type: 'test-end', test: 'policy', verdict: 'failed', why: 'wrong' },
    { at, type: 'run-end', verdict: 'failed', failures: [], seconds: 1, left: undefined },
  ]
  const text = await report(path.join(directory(t), 'r.html'), events)
  const [policy] = dataOf(text).tests
  t.deepEqual(
    policy?.probes?.pictures.map(({ title, hasWrong }) => [title, hasWrong]),
    [
      ['tcp/80', true],
      ['udp/53', false],
    ],
  )
  const id = policy?.probes?.pictures[0]?.picture.id
  const [, packed = ''] = new RegExp(`id="${id}"[^>]*>([^<]*)<`).exec(text) ?? []
  t.regex(inflateSync(Buffer.from(packed, 'base64')).toString(), /^<svg[\s\S]*is silent, but must reply[\s\S]*<\/svg>/)
})
