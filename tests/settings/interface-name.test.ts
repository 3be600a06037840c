import { spawnSync } from 'node:child_process'
import test from 'ava'
import fc from 'fast-check'
import { interfaceNameProblem } from '../../scripts/settings/interface-name.ts'
import { tool } from '../needs.ts'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'

needsUserNamespaces()

/** Keywords of `ip link add` and `ip link set`, from ip-link(8). */
const WORDS = `link name type dev up down netns mtu address broadcast brd peer alias index group master vrf numtxqueues
  numrxqueues arp dynamic multicast allmulticast promisc qlen txqlen txqueuelen vf nomaster protodown carrier
  addrgenmode xdp xdpgeneric xdpdrv xdpoffload gso_max_size gso_max_segs gro_max_size parentdev trailers state
  link-netns help all default mode`.split(/\s+/)

/** Uses names as ovl/default/usr/lib/netns/veth.sh and direct.sh do, and prints those that work. */
const SCRIPT = `
mount -t tmpfs run /run && mkdir /run/netns && ip netns add p &&
  ip link add below type bridge && ip link set below up || exit
while IFS= read -r name; do
  echo "link add $name up netns p type veth peer name pod netns $$" | ip -batch - >/dev/null 2>&1 &&
    ip -n p link set "$name" up 2>/dev/null && ip -n p -o link show dev "$name" up >/dev/null 2>&1 &&
    ip link delete pod 2>/dev/null &&
    ip link add link below name direct netns p type macvlan mode bridge &&
    ip -n p link set direct name "$name" 2>/dev/null &&
    ip -n p link set "$name" up 2>/dev/null && [ -n "$(ip -n p -o link show dev "$name" 2>/dev/null)" ] && echo "$name"
  ip link delete pod 2>/dev/null
  for left in $(ip -n p -o link | sed 's/^[0-9]*: *//; s/[@:].*//'); do
    [ "$left" = lo ] || ip -n p link delete dev "$left"
  done
done`

test('refuses exactly the names that ip or the kernel refuse', t => {
  const abbreviations = WORDS.flatMap(word => Array.from(word, (_, index) => word.slice(0, index + 1)))
  const any = fc.stringMatching(/^[\w.][\w.-]{0,15}$/)
  const names = [...new Set([...abbreviations, 'lo', '.', '..', 'eth0', 'a/b', ...fc.sample(any, 20)])].filter(
    name => name.length <= 15,
  )
  const { stdout, stderr } = spawnSync(tool('unshare'), ['-rmn', 'sh', '-c', SCRIPT], {
    input: names.map(name => `${name}\n`).join(''),
    encoding: 'utf8',
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })
  const taken = stdout.split('\n').filter(Boolean)
  t.true(taken.includes('eth0'), stderr)
  t.deepEqual(
    names.filter(name => interfaceNameProblem(name) === undefined),
    taken,
  )
})

test('refuses names that are unsafe in a shell', t => {
  for (const name of ['', 'a b', 'a:b', 'a/b', 'eth%d', 'a"b', '-n', 'é', 'a\nb', 'a'.repeat(16)])
    t.truthy(interfaceNameProblem(name), name)
  for (const name of ['hostname', 'eth0', 'net1', '_x', 'a.100', 'a-b', 'a'.repeat(15)])
    t.is(interfaceNameProblem(name), undefined, name)
})
