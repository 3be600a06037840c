import test from 'ava'
import { provesDhcp, provesOvs } from '../namespaces/examples.ts'
import { program } from './program.ts'

test.serial('the example dhcp gives PODs their addresses on VMs', async t => {
  await provesDhcp(t, program(t))
})

test.serial('the example ovs switches packets on VMs, in their kernel', async t => {
  await provesOvs(t, program(t), /datapath: system/)
})
