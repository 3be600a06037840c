import test from 'ava'
import { processesIn, program } from './program.ts'

test('refuses a test with missing requirements before anything starts; all skips it with the reason', async t => {
  const { run, state } = program(t)
  const words = ['--nvm=1', '--nets-vm=0']
  const refused = await run('test', 'L3', ...words)
  t.is(refused.status, 3, refused.stderr)
  t.regex(refused.stderr, /L3/)
  t.deepEqual(processesIn(state), [])
  const { status, stderr } = await run('test', 'all', ...words)
  t.is(status, 0, stderr)
  t.regex(stderr, /skipped: L3: /)
  t.regex(stderr, /passed: bridge/)
  t.is((await run('test', 'L3', 'all', ...words, '--strict')).status, 3)
})
