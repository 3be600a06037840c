import test from 'ava'
import { faultsOn } from './faults.ts'
import { judge, type Round } from './judge.ts'
import { seeded } from './random.ts'

const fault = (name: string) => {
  const found = faultsOn('embedded').find(one => one.name === name)
  if (!found) throw new Error(`no fault ${name}`)
  return found
}

const round = (changes: Partial<Round>): Round => ({
  fault: fault('kill -9 of a VM'),
  hit: 'vm-001.pid 7',
  late: false,
  code: 4,
  stderr: '12:00:00 (3): FAILED: vm-001: its QEMU was ended by SIGKILL\n',
  stopCode: 0,
  processes: [],
  files: [],
  ...changes,
})

const PASSED = '12:00:00 (3): passed: bridge\n'

test('reports no problem for a correct round', t => {
  t.deepEqual(judge(round({})), [])
  t.deepEqual(judge(round({ late: true, code: 0, stderr: PASSED })), [])
  t.deepEqual(judge(round({ hit: undefined, code: 0, stderr: PASSED })), [])
  const again = `12:00:00 (0): vm-001 is gone: its QEMU ended; falling back to a cold boot\n${PASSED}`
  t.deepEqual(judge(round({ code: 0, stderr: again })), [])
  t.deepEqual(judge(round({ fault: fault('SIGINT'), code: 130, stderr: 'interrupted by SIGINT\n' })), [])
  t.deepEqual(judge(round({ fault: fault('full disk'), hit: undefined, code: 3, stderr: 'no space left\n' })), [])
})

test('reports a pass after a lost VM, a wrong exit code, a stack trace, and leftovers', t => {
  for (const [changes, says] of [
    [{ code: 0, stderr: PASSED }, /exit code 0 instead of 4.*reports that it passed/s],
    [{ code: 1 }, /exit code 1 instead of 4/],
    [{ code: -1 }, /did not end/],
    [{ hit: undefined, code: 0, stderr: '' }, /without a pass/],
    [{ stderr: 'netns.ts: internal error: x\n' }, /stack trace/],
    [{ stderr: 'Error: x\n    at run (/x/y.ts:3:4)\n' }, /stack trace/],
    [{ stopCode: 3 }, /stop --all exited with 3/],
    [{ processes: [7] }, /process 7/],
    [{ files: ['default'] }, /default/],
  ] as const)
    t.regex(judge(round(changes as Partial<Round>)).join('\n'), says)
})

test('repeats the numbers of a seed, and differs for another seed', t => {
  const numbers = (seed: number) => {
    const { next } = seeded(seed)
    return Array.from({ length: 5 }, next)
  }
  t.deepEqual(numbers(7), numbers(7))
  t.notDeepEqual(numbers(7), numbers(8))
  t.true(numbers(7).every(number => number >= 0 && number < 1))
})
