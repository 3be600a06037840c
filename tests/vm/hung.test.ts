import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { program, until } from './program.ts'

test('a VM that hangs during the matrix fails the test with a timeout, and is reported by name', async t => {
  const { state, start } = program(t)
  // The work after the step detects that the node does not answer.
  const [seconds, margin] = [20, 25]
  const runner = start(['test', 'bridge', '--nvm=1', '--timeout', String(seconds)], { xcluster_NPODS: '40' })
  let log = ''
  runner.stdout?.on('data', chunk => {
    log += chunk
  })
  await until(runner, () => / bridge\/matrix - on /.test(log))
  const cluster = path.join(state, 'xcluster-netns/clusters/default')
  const qemu = Number.parseInt(fs.readFileSync(path.join(cluster, 'vm-001.pid'), 'utf8'), 10)
  const stopped = performance.now()
  process.kill(qemu, 'SIGSTOP')
  const { status, stderr } = await runner.ended
  process.kill(qemu, 'SIGCONT')
  const took = (performance.now() - stopped) / 1000
  t.is(status, 1, stderr)
  t.regex(stderr, /FAILED: bridge: matrix on vm-001: did not end in 20 s/)
  t.regex(stderr, /likely cause: vm-001: does not answer/)
  t.true(took < seconds + margin, `it took ${took} s`)
})
