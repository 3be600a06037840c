import test from 'ava'
import { showsFastCpus } from '../../scripts/runner/measure.ts'

const line = (sent: number, received: number, mean: string) =>
  `pod 10.0.0.1 ${sent} ${received} ${mean} ${mean} ${mean}\n`

test('detects fast CPUs: every ping is answered at the first attempt, and fast on average', t => {
  t.true(showsFastCpus(`${line(1, 1, '0.02')}${line(1, 1, '0.2')}pod ! 7\npod + 10.0.0.1 1\n`))
  t.false(showsFastCpus(line(1, 1, '0.4')))
})

test('does not assume fast CPUs after a lost, retried or missing ping', t => {
  t.false(showsFastCpus(line(1, 1, '0.02') + line(2, 1, '0.02')))
  t.false(showsFastCpus(line(1, 1, '0.02') + line(11, 0, '-')))
  t.false(showsFastCpus('pod ! 7\n'))
  t.false(showsFastCpus(''))
})
