import test from 'ava'
import { provesSides } from '../namespaces/sides.ts'
import { program } from './program.ts'

// Not every host's kernel supports VLANs.
test('the matrix of dual_bridges_vlan reports exactly the pairs that are joined or cut', async t => {
  await provesSides(t, program(t), 'dual_bridges_vlan', ['vm-202-eth3.100', 'vm-202-eth3.200'])
})
