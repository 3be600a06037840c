import test from 'ava'
import type { CheckName } from '../../../scripts/cni/checks/catalog.ts'
import { BASELINE } from '../../../scripts/cni/churn/churn.ts'
import type { Network } from '../../../scripts/cni/network.ts'
import { startNodes } from '../cluster.ts'
import { checksOn } from '../fixture/faults.ts'

const CHECKS: readonly CheckName[] = [
  'ADD with an exhausted pool: leaves nothing',
  'DEL with an exhausted pool: leaves nothing',
  'DEL after many ADDs: leaves nothing',
  'DEL after the netns is gone: leaves nothing',
]
const PTP: Network = {
  ...BASELINE,
  plugins: [{ type: 'ptp', ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }]] } }],
}

/** containernetworking/plugins 29. */
test('bridge leaves a veth pair until DEL when the pool is exhausted, and ptp leaves nothing', async t => {
  const [node] = await startNodes(t)
  if (!node) return t.fail()
  const run = await checksOn(node)
  const bridge = await run(BASELINE, CHECKS)
  t.deepEqual(
    bridge.map(({ verdict }) => verdict),
    ['warning', 'passed', 'passed', 'passed'],
    JSON.stringify(bridge.map(({ why }) => why)),
  )
  t.regex(bridge[0]?.why ?? '', /^vm-001: link veth[0-9a-f]{8} \(veth, master cni0, .*\) is left after a failed ADD/)
  const ptp = await run(PTP, CHECKS)
  t.deepEqual(
    ptp.map(({ verdict, why }) => [verdict, why]),
    CHECKS.map(() => ['passed', undefined]),
  )
})
