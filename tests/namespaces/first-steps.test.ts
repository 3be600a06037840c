import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { program } from './program.ts'

test('creates PODs in a started cluster by hand: names, addresses, CNI results', async t => {
  const { run, runWith, state } = program(t)
  const settings = {
    xcluster_NPODS: '3',
    xcluster_ADRTEMPLATE: '10.20.0.0/16/24',
    xcluster_PREFIX: 'fd00:',
    xcluster_MINE: 'a b',
  }
  const started = await runWith(settings, 'test', 'start', '--nvm=2', '--no-stop')
  t.is(started.status, 0, started.stderr)
  const script = `
    netns_test create 10 || exit 9
    ip netns | sort | tr '\\n' ' '; echo
    netns_test exec vm-001-ns03 hostname
    ip netns exec vm-001-ns03 hostname
    . /etc/profile
    echo "$NPODS $ADRTEMPLATE $PREFIX $MINE $__nvm"
    netns_test name | tail -1
    netns_test compute_address vm-002-ns07
    position=$((__nvm + NPODS + 2))
    tail -n +$position /etc/rnd-addresses | head -1
    netns_test rndaddress_pods 2
    netns_test cni_bridge_configure && netns_test cni_bridge_start || exit 8
    cat /tmp/$(hostname)-ns* | jq -r .ips[].address
    netns_test exec vm-001-ns02 ls /sys/class/net
    netns_test exec vm-001-ns02 sh -c 'touch /tmp/seen; ls /sys/class/net | grep -c eth1'
    ls /sys/class/net/eth1 >/dev/null && ls /tmp/seen`
  fs.writeFileSync(path.join(state, 'steps'), script)
  t.is((await run('cp', 'steps', 'vm-001:/run/steps')).status, 0)
  const { status, stdout, stderr } = await run('exec', 'vm-001', '--', 'sh', '/run/steps')
  t.is(status, 0, stderr)
  const lines = stdout.trim().split('\n')
  const next = (count = 1) => lines.splice(0, count)
  const pods = Array.from({ length: 10 }, (_, index) => `vm-001-ns${String(index + 1).padStart(2, '0')}`)
  // Sorted by name; `ip netns` may append ids.
  t.deepEqual((next()[0] ?? '').match(/vm-001-ns\d\d/g), pods)
  t.deepEqual(next(2), ['vm-001-ns03', 'vm-001'])
  t.deepEqual(next(2), ['3 10.20.0.0/16/24 fd00: a b 2', 'vm-001-ns03'])
  t.deepEqual(next(2), ['10.20.2.7/24', 'fd00::a14:207/120'])
  const [number = ''] = next()
  const random = next(6)
  t.is(random[2], `10.20.0.${number}/24`)
  t.is(random[3], `fd00::a14:${Number(number).toString(16)}/120`)
  const given = next(6)
  t.deepEqual(given.map(address => address.replace(/\d+\/24$|[0-9a-f]+\/120$/, '')).sort(), [
    ...Array(3).fill('10.20.1.'),
    ...Array(3).fill('fd00::a14:'),
  ])
  t.deepEqual(lines, ['eth0', 'lo', '0', '/tmp/seen'])
})

test("an ovl's settings apply where the user has none", async t => {
  const { run, runWith, state } = program(t)
  const ovl = path.join(state, 'three')
  fs.mkdirSync(path.join(ovl, 'etc/xcluster_env.d'), { recursive: true })
  fs.writeFileSync(path.join(ovl, 'etc/xcluster_env.d/three.env'), 'NPODS=3\n')
  fs.writeFileSync(path.join(ovl, 'tar'), '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")" etc\n', { mode: 0o755 })
  const three = await run('test', 'bridge', '--nvm=1', './three')
  t.is(three.status, 0, three.stderr)
  t.regex(three.stderr, /matrix: 12 of 12 pairs answer/)
  const two = await runWith({ xcluster_NPODS: '2' }, 'test', 'bridge', '--nvm=1', './three')
  t.is(two.status, 0, two.stderr)
  t.regex(two.stderr, /matrix: 4 of 4 pairs answer/)
})
