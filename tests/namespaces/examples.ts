import path from 'node:path'
import type { ExecutionContext } from 'ava'
import { EXAMPLE_PACKAGES } from '../../scripts/commands/setup/parts.ts'
import type { Program } from '../vm/program.ts'

const EXAMPLES = path.resolve(import.meta.dirname, '../../examples')

/** Runs the tests of an example that is an ovl, on the image that `setup --tests` builds for all of them. */
const runOvl = ({ run }: Program, name: string, ...words: string[]) =>
  run('test', path.join(EXAMPLES, name, 'tests'), '--package', EXAMPLE_PACKAGES.join(','), '--stop', ...words)

/** DHCP and SLAAC give PODs their addresses; without a server there are none. */
export async function provesDhcp(t: ExecutionContext, program: Program) {
  const { status, stderr } = await runOvl(program, 'dhcp')
  t.is(status, 0, stderr)
  t.regex(stderr, /matrix: 24 of 24 pairs answer; 36 of 36 forbidden pairs blocked/)
  t.regex(stderr, /passed: 2 tests/)
}

/**
 * Open vSwitch connects PODs, and its OpenFlow rules decide who reaches the databases.
 * @param datapath `system` where the nodes' kernel forwards packets, `netdev` where Open vSwitch does
 */
export async function provesOvs(t: ExecutionContext, program: Program, datapath: RegExp) {
  const { status, stdout, stderr } = await runOvl(program, 'ovs', '--timeout=300')
  t.is(status, 0, stderr)
  t.regex(stdout, datapath)
  t.regex(stderr, /matrix: 60 of 60 pairs answer/)
  t.regex(stderr, /rules: tcp\/80: 48 of 48 pairs reply; 12 of 12 forbidden pairs blocked/)
  t.regex(stderr, /rules: icmp: 40 of 40 pairs reply; 20 of 20 forbidden pairs blocked/)
  t.regex(stderr, /passed: 2 tests/)
}
