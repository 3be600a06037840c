import test from 'ava'
import { provesHole } from '../../../tests/namespaces/holes.ts'
import { program } from '../../../tests/vm/program.ts'

test('without "packet too big", vxlan is a black hole between exactly the pairs of its tunnel', async t => {
  await provesHole(t, program(t), 'vxlan')
})
