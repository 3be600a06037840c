import test from 'ava'
import { showsFastCpus } from '../../scripts/runner/measure.ts'

const line = (sent: number, received: number, mean: string) =>
  `pod 10.0.0.1 ${sent} ${received} ${mean} ${mean} ${mean}\n`

test('CPUs are fast where every ping is answered at the first try, and on average at once', t => {
  t.true(showsFastCpus(`${line(1, 1, '0.02')}${line(1, 1, '0.2')}pod ! 7\npod + 10.0.0.1 1\n`))
  t.false(showsFastCpus(line(1, 1, '0.4')))
})

test('a ping that was lost, tried again or missing says nothing of them', t => {
  t.false(showsFastCpus(line(1, 1, '0.02') + line(2, 1, '0.02')))
  t.false(showsFastCpus(line(1, 1, '0.02') + line(11, 0, '-')))
  t.false(showsFastCpus('pod ! 7\n'))
  t.false(showsFastCpus(''))
})
