import test from 'ava'
import { CHECK_NAMES } from '../../../scripts/cni/checks/catalog.ts'
import { startNodes } from '../../cni/cluster.ts'
import { faultyNetwork, forEachCheck, prepareFixture, violations } from '../../cni/fixture/faults.ts'
import { fixtureNetwork } from '../../cni/fixture/fixture.ts'

/** The product of faults and checks. */
const HOURS = 3

for (const version of ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']) {
  for (const master of [undefined, 'eth1']) {
    const kind = master ? 'a macvlan' : 'a veth pair'
    test.serial(`no check reports a violation of a plugin of version ${version} with ${kind}`, async t => {
      const [node] = await startNodes(t)
      if (!node) return t.fail()
      const run = await prepareFixture(node)
      t.deepEqual(violations(await run(fixtureNetwork({ version, ...(master && { master }) }))), [])
    })
  }
}

test.serial('no check reports a fault that another one must find', async t => {
  const [node] = await startNodes(t)
  if (!node) return t.fail()
  t.timeout(HOURS * 3_600_000)
  const run = await prepareFixture(node)
  const wrong: string[] = []
  await forEachCheck(CHECK_NAMES, async check => {
    const found = violations(await run(faultyNetwork(check)))
    const isNamed = found.length === 1 && found[0]?.startsWith(`${check}: `)
    const text = `the fault of '${check}': ${isNamed ? 'named by its check alone' : ['', ...found].join('\n  ')}\n`
    if (!isNamed) wrong.push(text)
    // A log appears at the end only, after an hour.
    process.stderr.write(text)
  })
  t.deepEqual(wrong, [])
})
