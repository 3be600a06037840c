import test from 'ava'
import { program } from '../vm/program.ts'

/** Tests with the maximum number of PODs that a template allows on a node, and their number of address pairs. */
const LARGEST = [
  { name: 'cni_bridge', pods: 253 },
  { name: 'bridge', pods: 254 },
] as const

for (const { name, pods } of LARGEST) {
  test.serial(`${name} passes with ${pods} PODs in one VM, and refuses one more`, async t => {
    t.timeout(2 * 60 * 60_000)
    const { runWith } = program(t)
    const refused = await runWith({ xcluster_NPODS: String(pods + 1) }, 'test', name, '--nvm=1')
    t.is(refused.status, 2, refused.stderr)
    // A bridge floods 64,000 neighbor requests to 254 ports, which can exceed the default timeout on busy emulated
    // CPUs.
    const words = ['test', name, '--nvm=1', '--stop', '--timeout=5400']
    const { status, stderr } = await runWith({ xcluster_NPODS: String(pods) }, ...words)
    t.is(status, 0, stderr)
    const pairs = pods * (pods - 1) * 2
    t.regex(stderr, new RegExp(`: matrix: ${pairs} of ${pairs} pairs answer; `))
  })
}
