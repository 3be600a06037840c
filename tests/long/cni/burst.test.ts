import test from 'ava'
import { BASELINE } from '../../../scripts/cni/churn/churn.ts'
import type { Network } from '../../../scripts/cni/network.ts'
import { burst } from '../../cni/burst.ts'
import { startNodes } from '../../cni/cluster.ts'

const COUNT = 200
const PTP: Network = {
  ...BASELINE,
  plugins: [{ type: 'ptp', ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }]] } }],
}

for (const network of [BASELINE, PTP]) {
  const type = network.plugins[0]?.type
  test.serial(`${type}: ${COUNT} ADDs at once give unique addresses, and DEL leaves nothing`, async t => {
    const [node] = await startNodes(t)
    if (!node) return t.fail()
    const result = await burst(node, network, COUNT)
    const { seconds, slowestMilliseconds, ...found } = result
    t.log(
      `${type}: ${seconds.toFixed(1)} s, ${(COUNT / seconds).toFixed(0)} each second, slowest ${slowestMilliseconds} ms`,
    )
    t.deepEqual(found, { count: COUNT, failed: 0, duplicates: [], leaks: [] })
  })
}
