import test from 'ava'
import { differences } from '../../../../scripts/reporters/html/page/differences.ts'

const piece = (node: string, subject: string, what: string) => ({
  node,
  subject,
  what,
  texts: { id: 'x' },
  position: 0,
})

test('a line that only one of two PODs has is a difference; names, numbers and addresses are not', t => {
  const evidence = [piece('vm-001', 'vm-001-ns01', 'routes'), piece('vm-002', 'vm-002-ns03', 'routes')]
  const texts = [
    'default via 172.16.1.0 dev eth0\n172.16.1.0/24 dev eth0 src 172.16.1.1',
    '172.16.2.0/24 dev eth0 src 172.16.2.3',
  ]
  t.deepEqual(differences(evidence, texts), [
    { what: 'routes', subject: 'vm-001-ns01', lines: ['default via 172.16.1.0 dev eth0'] },
  ])
  t.deepEqual(differences(evidence, [texts[0] ?? '', (texts[0] ?? '').replaceAll('.1.', '.2.')]), [])
})

test('an interface that is down differs, IPv6 addresses do not', t => {
  const evidence = [piece('vm-001', 'vm-001', 'addresses'), piece('vm-002', 'vm-002', 'addresses')]
  const line = (state: string, host: string) => `eth1 ${state} 192.168.1.${host}/24 1000::1:c0a8:10${host}/120`
  t.deepEqual(differences(evidence, [line('UP', '1'), line('UP', '2')]), [])
  t.is(differences(evidence, [line('UP', '1'), line('DOWN', '2')]).length, 2)
})

test('PODs are compared only with PODs, without volatile values', t => {
  const evidence = [
    piece('vm-001', 'vm-001', 'routes'),
    piece('vm-001', 'vm-001-ns01', 'routes'),
    piece('vm-001', 'vm-001', 'kernel messages'),
    piece('vm-002', 'vm-002', 'kernel messages'),
  ]
  t.deepEqual(differences(evidence, ['a', 'b', 'c', 'd']), [])
})
