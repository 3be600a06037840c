import path from 'node:path'
import test from 'ava'
import { program } from '../namespaces/program.ts'

const EXAMPLES = path.resolve(import.meta.dirname, '../../examples')

test("the example dhcp, an ovl with Debian's packages, passes on namespaces", async t => {
  const { run } = program(t)
  // The first run builds an image with the packages.
  const { status, stderr } = await run('test', path.join(EXAMPLES, 'dhcp/tests'), '--stop')
  t.is(status, 0, stderr)
  t.regex(stderr, /matrix: 24 of 24 pairs answer; 36 of 36 forbidden pairs blocked/)
  t.regex(stderr, /passed: 2 tests/)
})
