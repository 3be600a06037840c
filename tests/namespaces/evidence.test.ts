import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { tool } from '../needs.ts'
import { processesIn, program } from './program.ts'

/** An ovl whose start script makes vm-002 drop packets from one POD of vm-001 to one of its own. */
function makeOvl(directory: string): void {
  const scripts = path.join(directory, 'etc/init.d')
  fs.mkdirSync(scripts, { recursive: true })
  const rule = 'ip saddr 172.16.1.1 ip daddr 172.16.2.1 icmp type echo-request drop'
  const script = `#!/bin/sh
[ "$(hostname)" = vm-002 ] || exit 0
nft 'add table inet cut; add chain inet cut f { type filter hook forward priority 0; }; add rule inet cut f ${rule}'
`
  fs.writeFileSync(path.join(scripts, '90cut.rc'), script, { mode: 0o755 })
  fs.writeFileSync(path.join(directory, 'tar'), '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")" etc\n', {
    mode: 0o755,
  })
}

test('in a pipeline the evidence outlives the cluster; log, summary and files agree', async t => {
  const { state, runWith } = program(t)
  makeOvl(path.join(state, 'cut'))
  const { status, stdout, stderr } = await runWith(
    { CI: 'true', xcluster_NPODS: '2' },
    ...['test', 'L3', '--nvm=2', './cut', '--results', 'results', '--timeout=30'],
  )
  t.is(status, 1, stderr)
  t.deepEqual(processesIn(state), [])
  const evidence = path.join(state, 'results/L3/evidence')
  t.regex(
    stderr,
    /: evidence of L3: \S*results\/L3\/evidence\n[\s\S]*FAILED: 1 of 1 test: L3\n[\s\S]*Total time: \d+ s\n$/,
  )
  t.deepEqual(fs.readdirSync(evidence).sort(), ['evidence.txt', 'vm-001', 'vm-001-ns01', 'vm-002', 'vm-002-ns01'])
  const read = (file: string) => fs.readFileSync(path.join(evidence, file), 'utf8')
  t.regex(stderr, /likely cause: vm-002: a rule of chain f of table inet cut drops packets: ip saddr 172\.16\.1\.1 /)
  t.regex(read('evidence.txt'), /^pinged again: vm-001-ns01 → vm-002-ns01 172\.16\.2\.1$/m)
  t.regex(read('evidence.txt'), /:\nvm-001-ns01 → vm-002-ns01 172\.16\.2\.1 does not answer\n$/)

  t.regex(read('vm-002/nftables.txt'), /ip saddr 172\.16\.1\.1 ip daddr 172\.16\.2\.1 icmp type echo-request drop/)
  t.regex(read('vm-001-ns01/addresses.txt'), /inet 172\.16\.1\.1\/24/)
  t.regex(read('vm-001-ns01/routes.txt'), /^default via 172\.16\.1\.0 /m)
  t.regex(read('vm-001-ns01/neighbours.txt'), /^172\.16\.1\.0 dev eth0 lladdr /m)
  t.regex(read('vm-001/fdb.txt'), /dev vm-001-ns01 master br0/)
  t.regex(read('vm-001/routes.txt'), /^172\.16\.2\.0\/24 via 192\.168\.1\.2 /m)
  t.regex(read('vm-001-ns01/ping.txt'), /172\.16\.2\.1 [\s\S]*100% packet loss/)
  const requests = (where: string) =>
    execFileSync(tool('tcpdump'), ['-n', '-r', '-', 'icmp[icmptype] = icmp-echo and dst 172.16.2.1'], {
      input: fs.readFileSync(path.join(evidence, where, 'capture.pcap')),
      stdio: ['pipe', 'pipe', 'ignore'],
    }).toString()
  t.regex(requests('vm-001-ns01'), / Out IP 172\.16\.1\.1 > 172\.16\.2\.1: ICMP echo request/)
  t.regex(requests('vm-002'), / In +IP 172\.16\.1\.1 > 172\.16\.2\.1: ICMP echo request/)
  t.notRegex(requests('vm-002'), / Out /, 'it is dropped before the POD')
  t.is(requests('vm-002-ns01'), '')
  t.regex(read('vm-002/capture.txt'), / eth1 +In .* 172\.16\.1\.1 > 172\.16\.2\.1: ICMP echo request/)

  t.regex(stdout, / vm-002 L3\/evidence - vm-002: nftables ruleset\n.* \| table inet cut/)
  t.regex(stdout, / vm-001 L3\/evidence \| .* 172\.16\.1\.1 > 172\.16\.2\.1: ICMP echo request/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them
  t.notRegex(stdout, /[\x00-\x08\x0b-\x1f\x7f]/)
})
