import test from 'ava'
import { program } from '../vm/program.ts'

/** Tests at the most PODs that a VM can hold by its template of addresses, and how many pairs of addresses these have. */
const LARGEST = [
  { name: 'cni_bridge', pods: 253 },
  { name: 'bridge', pods: 254 },
] as const

for (const { name, pods } of LARGEST) {
  test.serial(`${name} passes with ${pods} PODs in one VM, and is refused with one more`, async t => {
    t.timeout(2 * 60 * 60_000)
    const { runWith } = program(t)
    const refused = await runWith({ xcluster_NPODS: String(pods + 1) }, 'test', name, '--nvm=1')
    t.is(refused.status, 2, refused.stderr)
    const { status, stderr } = await runWith({ xcluster_NPODS: String(pods) }, 'test', name, '--nvm=1', '--stop')
    t.is(status, 0, stderr)
    const pairs = pods * (pods - 1) * 2
    t.regex(stderr, new RegExp(`: matrix: ${pairs} of ${pairs} pairs answer; `))
  })
}
