import test from 'ava'
import { captureLine } from '../../../scripts/commands/capture/tcpdump.ts'

const options = { interface: 'any' }

test('a filter is no option of tcpdump, in a POD as well as in its VM', t => {
  const node = { name: 'vm-001' }
  const pod = captureLine(node, 'vm-001-ns01', options, '-w/tmp/x')
  t.regex(pod, / -- -w\/tmp\/x$/)
  t.is(pod.split(' -- ').length, 3, 'netns_test ends its own options, too')
  t.regex(captureLine(node, 'vm-001', options, '-w/tmp/x'), /exec tcpdump "\$@" -- "\$filter"/)
})
