import test from 'ava'
import { checks } from '../../scripts/cni/checks/checks.ts'
import { runSuite } from '../../scripts/cni/suite.ts'
import { shell, startNodes } from './cluster.ts'
import { shellOf } from './shell.ts'

const HANG = `#!/bin/sh
echo $$ >>/run/hanging
sleep 10000 & wait`

test('ends a plugin that hangs in each check, and reports it', async t => {
  const [node] = await startNodes(t)
  if (!node) return t.fail()
  await shell(node, `cat >/opt/cni/bin/hang <<'EOF'\n${HANG}\nEOF\nchmod 755 /opt/cni/bin/hang`)
  const results = await runSuite({
    checks,
    nodes: [{ shell: shellOf(node), programs: new Map([['hang', '/opt/cni/bin/hang']]) }],
    networkOf: () => ({ cniVersion: '1.1.0', name: 'net', plugins: [{ type: 'hang' }] }),
    timeout: 0.2,
  })
  t.deepEqual(
    results.map(({ name }) => name),
    checks.map(({ name }) => name),
  )
  const found = results.find(({ name }) => name === 'ADD succeeds')
  t.is(found?.verdict, 'failed')
  t.is(found?.why, 'the plugin hang timed out after 0.2 s')
  const passed = results.filter(({ verdict }) => verdict === 'passed').map(({ name }) => name)
  t.deepEqual(passed, [], 'a check passed, and the plugin answered nothing')
  t.is(await shell(node, 'pgrep -f "^sleep 10000$" || :'), '', 'a process of the plugin is left')
})
