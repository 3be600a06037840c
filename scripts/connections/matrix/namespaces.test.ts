import test from 'ava'
import { program } from '../../../tests/namespaces/program.ts'
import { wrongPairs } from '../../../tests/namespaces/sides.ts'

test('matrix passes for PODs that were connected by hand, and fails without PODs or with a link down', async t => {
  const { run, runWith } = program(t)
  const started = await runWith({ xcluster_NPODS: '2' }, 'test', 'start', '--nvm=2', '--no-stop')
  t.is(started.status, 0, started.stderr)
  const prove = (...words: string[]) => run('test', 'matrix', '--no-start', ...words)
  const none = await prove()
  t.is(none.status, 1, none.stderr)
  t.regex(none.stderr, /FAILED: matrix: matrix on vm-001: no POD has an address/)

  const connect = ['sh', '-c', 'netns_test tcase_create_with_addresses && netns_test tcase_linux_bridge']
  const connected = await run('exec', '--all', '--', ...connect)
  t.is(connected.status, 0, connected.stderr)
  const passed = await prove('--reach', 'bridge')
  t.is(passed.status, 0, passed.stderr)
  t.regex(passed.stderr, /: matrix: 8 of 8 pairs answer; 16 of 16 forbidden pairs blocked;/)

  const down = await run('exec', 'vm-001', '--', 'ip', 'link', 'set', 'vm-001-ns02', 'down')
  t.is(down.status, 0, down.stderr)
  const failed = await prove('--reach', 'bridge')
  t.is(failed.status, 1, failed.stderr)
  t.deepEqual(wrongPairs(failed.stdout), [
    'vm-001-ns01 1000::1:ac10:102',
    'vm-001-ns01 172.16.1.2',
    'vm-001-ns02 1000::1:ac10:101',
    'vm-001-ns02 172.16.1.1',
  ])
})

test('refuses --reach with a test that defines no reach, and for tests other than matrix and cni', async t => {
  const { run } = program(t)
  for (const [words, says] of [
    [
      ['matrix', '--no-start', '--reach', 'start'],
      /--reach=start: not a test with its own reachability: .*dual_bridges/,
    ],
    [['bridge', '--reach', 'L3'], /--reach is for the tests matrix and cni/],
  ] as const) {
    const { status, stderr } = await run('test', ...words)
    t.is(status, 2)
    t.regex(stderr, says)
  }
})
