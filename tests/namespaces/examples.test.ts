import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { EXAMPLE_PACKAGES } from '../../scripts/commands/setup/parts.ts'
import { provesDhcp, provesOvs } from './examples.ts'
import { pairNames } from './holes.ts'
import { program } from './program.ts'

const OVS = path.resolve(import.meta.dirname, '../../examples/ovs')

test.serial('the example dhcp gives PODs their addresses on namespaces', async t => {
  await provesDhcp(t, program(t))
})

const canAccess = (file: string): boolean => {
  try {
    fs.accessSync(file, fs.constants.R_OK | fs.constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Some hosts allow /dev/net/tun to root only, and Open vSwitch needs it without its module. */
const ovsTest = fs.existsSync('/sys/module/openvswitch') || canAccess('/dev/net/tun') ? test.serial : test.serial.skip

ovsTest('the example ovs switches packets on namespaces, with or without the module of the host', async t => {
  await provesOvs(t, program(t), /datapath: (netdev|system)/)
})

ovsTest('without one OpenFlow rule, exactly the pairs that it is about are wrong', async t => {
  const { state, run } = program(t)
  const copy = path.join(state, 'ovs')
  fs.cpSync(OVS, copy, { recursive: true })
  const flows = path.join(copy, 'tests/database.flows')
  fs.writeFileSync(flows, fs.readFileSync(flows, 'utf8').replace(/^.*tcp6.*\n/m, ''))
  const words = ['--grep', 'OpenFlow', '--package', EXAMPLE_PACKAGES.join(','), '--results', 'results', '--stop']
  const { status, stderr } = await run('test', './ovs/tests', ...words)
  t.is(status, 1, stderr)
  const { matrices } = JSON.parse(fs.readFileSync(path.join(state, 'results/ovs/flows/matrix.json'), 'utf8'))
  const nodes = ['vm-001', 'vm-002']
  const [http, ...others] = matrices
  t.deepEqual(
    pairNames(http.wrong),
    nodes.flatMap(from => nodes.map(to => `${from}-ns01 → ${to}-ns03 IPv6`)),
  )
  for (const { wrong, unproved } of others) t.deepEqual([wrong, unproved], [[], []])
})
