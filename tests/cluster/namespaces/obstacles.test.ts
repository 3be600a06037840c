import test from 'ava'
import { obstacle } from '../../../scripts/cluster/namespaces/obstacles.ts'

for (const [why, meaning] of [
  ['no network namespace: No space left on device', /as many namespaces as the host allows/],
  ['no namespaces: No space left on device', /as many namespaces as the host allows/],
  ['cannot mount proc on mnt/node/root/proc: Operation not permitted', /parts of \/proc are hidden/],
  ['cannot mount root on mnt/node/root: Operation not permitted', /does not allow overlayfs in user namespaces/],
  ['no groups in the namespace: Operation not permitted', /a user namespace with a single user/],
  ['no users in the namespace: newuidmap ends with 1', /newuidmap does not map/],
] as const) {
  test(`blames the host for ${why}, with a hint`, t => {
    const failure = obstacle('vm-001', why)
    t.is(failure.code, 'NO_NAMESPACES')
    t.is(failure.exitCode, 3)
    t.regex(failure.message, meaning)
    t.true(failure.message.includes(`vm-001 did not come up: ${why}`))
    t.truthy(failure.hint)
  })
}

test('does not blame the host for other reasons', t => {
  const { code, exitCode, message } = obstacle('vm-002', 'cannot set the address of eth1: No such device')
  t.deepEqual([code, exitCode], ['NODE_NOT_UP', 4])
  t.is(message, 'vm-002 did not come up: cannot set the address of eth1: No such device')
})
