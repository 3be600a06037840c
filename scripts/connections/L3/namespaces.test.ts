import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { program } from '../../../tests/namespaces/program.ts'
import { wrongPairs } from '../../../tests/namespaces/sides.ts'
import { tool } from '../../../tests/needs.ts'
import { conforms } from '../../../tests/schema.ts'

const PODS = ['vm-001-ns01', 'vm-001-ns02', 'vm-002-ns01', 'vm-002-ns02']
const addressesOf = (pod: string): readonly [string, string] => {
  const [node, number] = [Number(pod.slice(3, 6)), Number(pod.slice(-2))]
  return [`172.16.${node}.${number}`, `1000::1:ac10:${node}0${number}`]
}
/** All pairs of a POD and another one's address for which a predicate holds. */
const pairsWhere = (holds: (from: string, to: string, address: string) => boolean): readonly string[] =>
  PODS.flatMap(from =>
    PODS.filter(to => to !== from).flatMap(to =>
      addressesOf(to)
        .filter(address => holds(from, to, address))
        .map(address => `${from} ${address}`),
    ),
  ).sort()

const nodeOf = (pod: string) => pod.slice(0, 6)

test('L3 passes with routes between the nodes; its matrix reports exactly the pairs that are cut', async t => {
  const { run, state, runWith } = program(t)
  const results = path.join(state, 'results')
  const start = await runWith({ xcluster_NPODS: '2' }, 'test', 'L3', '--nvm=2', '--no-stop', '--results', results)
  t.is(start.status, 0, start.stderr)
  t.regex(start.stderr, /: matrix: 24 of 24 pairs answer; loss 0 %; round trip min\/avg\/max [\d.]+\/[\d.]+\/[\d.]+ ms/)
  const matrix = JSON.parse(fs.readFileSync(path.join(results, 'L3/matrix.json'), 'utf8'))
  conforms(t, 'matrix', matrix)
  t.deepEqual(matrix.wrong, [])
  t.regex(fs.readFileSync(path.join(results, 'L3/matrix.svg'), 'utf8'), /vm-002-ns02/)

  const inVm = async (target: string, command: string) => {
    const { status, stdout, stderr } = await run('exec', target, '--', 'sh', '-c', command)
    t.is(status, 0, `${target}: ${command}: ${stderr}`)
    return stdout
  }
  t.regex(await inVm('vm-001', 'ip route show 172.16.2.0/24'), /via 192\.168\.1\.2 dev eth1/)
  t.regex(await inVm('vm-001', 'ip -6 route show 1000::1:ac10:200/120'), /via 1000::1:c0a8:102 dev eth1/)
  t.regex(await inVm('vm-001-ns01', 'ip route show default'), /via 172\.16\.1\.0 dev eth0/)

  /** @param perhaps pairs that may or may not be cut */
  const prove = async (what: string, expected: readonly string[], perhaps: readonly string[] = []) => {
    const { status, stdout, stderr } = await run('test', 'matrix', '--no-start', '--timeout=30')
    t.is(status, expected.length === 0 ? 0 : 1, `${what}: ${stderr}`)
    const left = perhaps.filter(pair => !expected.includes(pair))
    t.deepEqual(
      wrongPairs(stdout).filter(pair => !left.includes(pair)),
      expected,
      what,
    )
    if (expected.length > 0) t.regex(stderr, /FAILED: matrix: matrix on vm-00[12]: /)
    return [...new Set([...stderr.matchAll(/likely cause: (.*)/g)].map(([, cause]) => cause))]
  }

  await inVm('vm-001', 'ip link set vm-001-ns01 down')
  await prove(
    'a link is down',
    pairsWhere((from, to) => from === 'vm-001-ns01' || to === 'vm-001-ns01'),
  )
  const evidence = path.join(state, 'xcluster-netns/evidence/default/matrix')
  const text = fs.readFileSync(path.join(evidence, 'evidence.txt'), 'utf8')
  t.deepEqual(
    [...text.matchAll(/^pinged again: (.*)/gm)].filter(([, pair]) => !pair?.includes('vm-001-ns01')),
    [],
  )
  const requests = (pod: string) =>
    execFileSync(
      tool('tcpdump'),
      ['-n', '-r', '-', 'icmp[icmptype] = icmp-echo and src 172.16.2.1 and dst 172.16.1.1'],
      {
        input: fs.readFileSync(path.join(evidence, pod, 'capture.pcap')),
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    ).toString()
  t.regex(requests('vm-002-ns01'), / Out IP 172\.16\.2\.1 > 172\.16\.1\.1: ICMP echo request/)
  t.is(requests('vm-001-ns01'), '')
  await inVm('vm-001', 'ip link set vm-001-ns01 up')

  const rule = 'ip saddr 172.16.1.1 ip daddr 172.16.2.1 icmp type echo-request drop'
  await inVm(
    'vm-002',
    `nft 'add table inet cut; add chain inet cut f { type filter hook forward priority 0; }; add rule inet cut f ${rule}'`,
  )
  const harmless = [
    'tcp dport 80 drop',
    'ip daddr 9.9.9.9 drop',
    'ct state invalid drop',
    'ct state established accept',
  ]
  const rules = harmless.map(each => `add rule inet fine f ${each}`).join('; ')
  await inVm(
    'vm-001',
    `nft 'add table inet fine; add chain inet fine f { type filter hook forward priority 0; }; ${rules}'`,
  )
  t.deepEqual(await prove('one direction is dropped', ['vm-001-ns01 172.16.2.1']), [
    `vm-002: a rule of chain f of table inet cut drops packets: ${rule}`,
  ])
  await inVm('vm-002', 'nft delete table inet cut')

  await inVm('vm-002', 'sysctl -w net.ipv4.ip_forward=0')
  const between = pairsWhere((from, to, address) => nodeOf(from) !== nodeOf(to) && address.includes('.'))
  t.deepEqual(await prove('a node does not forward', between), [
    'vm-002: IPv4 forwarding is off (net.ipv4.ip_forward=0)',
  ])
  await inVm('vm-002', 'sysctl -w net.ipv4.ip_forward=1')

  await inVm('vm-002-ns02', 'ip address add 172.16.2.1/24 dev eth0')
  // Either of the two may get the answers to the rightful owner's pings.
  const asked = pairsWhere((from, _, address) => from === 'vm-002-ns01' && address.includes('.'))
  const both = pairsWhere((_, __, address) => address === '172.16.2.1')
    .concat('vm-002-ns01 172.16.2.1')
    .sort()
  await prove('two PODs have one address', both, asked)
  await inVm('vm-002-ns02', 'ip address delete 172.16.2.1/24 dev eth0; ip neigh flush dev eth0')
  await inVm('vm-002', 'ip neigh flush dev br0')

  const route = '$(ip route show 172.16.2.0/24)'
  await inVm('vm-001', `echo "${route}" >/tmp/route && ip route delete 172.16.2.0/24`)
  await prove('a route is gone', between)
  await inVm('vm-001', 'ip route add $(cat /tmp/route)')
  t.true(fs.existsSync(evidence))
  await prove('all is well again', [])
  t.false(fs.existsSync(evidence))

  await inVm('vm-002', 'ip link set eth1 down')
  await prove(
    'a node is cut off',
    pairsWhere((from, to) => nodeOf(from) !== nodeOf(to)),
  )
})
