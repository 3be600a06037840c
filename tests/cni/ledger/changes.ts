/** A change of a network namespace, and what the ledger must say about it. */
export interface RealChange {
  readonly what: string
  /** Before the first ledger. */
  readonly given?: string
  readonly change: string
  readonly undo: string
  /** Start of the only difference, without the place: kind and name. */
  readonly difference: string
  /** Missing if the change adds something. */
  readonly how?: 'changed' | 'missing'
  /** What the host's kernel may lack. */
  readonly needs?: string
}

const VETH =
  'ip link add t0 type veth peer name t1; ip link set t0 up; ip link set t1 up; ip address add 10.9.0.1/24 dev t0'
const BRIDGE = 'ip link add tb type bridge; ip link set tb up; ip link set t1 master tb'
const CHAIN =
  'nft add table inet t; nft add chain inet t c; nft add rule inet t c counter; nft add rule inet t c tcp dport 1 accept'

/** Before all changes: devices and rules that they change. */
export const GIVEN = [VETH, BRIDGE, CHAIN, 'nft add set inet t s "{ type ipv4_addr; }"'].join('; ')

/** In a namespace, node or POD. Each is the only change. */
export const SPACE_CHANGES: readonly RealChange[] = [
  {
    what: 'a new link',
    change: 'ip link add x0 type bridge',
    undo: 'ip link delete x0',
    difference: 'link x0',
  },
  {
    what: 'an MTU',
    change: 'ip link set t0 mtu 1400',
    undo: 'ip link set t0 mtu 1500',
    difference: 'link t0',
    how: 'changed',
  },
  {
    what: 'a MAC',
    change: 'ip link set t0 address 02:00:00:00:00:01',
    undo: 'ip link set t0 address 02:00:00:00:00:02',
    given: 'ip link set t0 address 02:00:00:00:00:02',
    difference: 'link t0',
    how: 'changed',
  },
  {
    what: 'a master',
    change: 'ip link set t1 nomaster',
    undo: 'ip link set t1 master tb',
    difference: 'link t1',
    how: 'changed',
  },
  {
    what: 'a link that is down',
    change: 'ip link set tb down',
    undo: 'ip link set tb up',
    difference: 'link tb',
    how: 'changed',
  },
  {
    what: 'promiscuous mode',
    change: 'ip link set t0 promisc on',
    undo: 'ip link set t0 promisc off',
    difference: 'link t0',
    how: 'changed',
  },
  {
    what: 'an alias',
    change: 'ip link set t0 alias a',
    undo: "ip link set t0 alias ''",
    difference: 'link t0',
    how: 'changed',
  },
  {
    what: 'hairpin mode of a port',
    change: 'ip link set t1 type bridge_slave hairpin on',
    undo: 'ip link set t1 type bridge_slave hairpin off',
    difference: 'link t1',
    how: 'changed',
  },
  {
    what: 'an IPv4 address',
    change: 'ip address add 10.9.1.1/24 dev t0',
    undo: 'ip address delete 10.9.1.1/24 dev t0',
    difference: 'address 10.9.1.1/24 on t0',
  },
  {
    what: 'an IPv6 address',
    change: 'ip address add fd09::1/64 dev t0 nodad',
    undo: 'ip address delete fd09::1/64 dev t0',
    difference: 'address fd09::1/64 on t0',
  },
  {
    what: 'a link-local address that the kernel did not make',
    change: 'ip address add fe80::9/64 dev t0 nodad',
    undo: 'ip address delete fe80::9/64 dev t0',
    difference: 'address fe80::9/64 on t0',
  },
  {
    what: 'a missing address',
    change: 'ip address delete 10.9.0.1/24 dev t0',
    undo: 'ip address add 10.9.0.1/24 dev t0',
    difference: 'address 10.9.0.1/24 on t0',
    how: 'missing',
  },
  {
    what: 'a route',
    change: 'ip route add 10.77.0.0/16 via 10.9.0.2',
    undo: 'ip route delete 10.77.0.0/16',
    difference: 'route 10.77.0.0/16 via 10.9.0.2 dev t0',
  },
  {
    what: 'a route of another table',
    change: 'ip route add 10.77.0.0/16 dev t0 table 77',
    undo: 'ip route delete 10.77.0.0/16 table 77',
    difference: 'route 10.77.0.0/16 dev t0 table 77',
  },
  {
    what: 'an IPv6 route',
    change: 'ip route add fd77::/64 dev t0',
    undo: 'ip route delete fd77::/64 dev t0',
    difference: 'route fd77::/64 dev t0',
  },
  {
    what: 'a route of the table local',
    change: 'ip route add local 10.78.0.1 dev lo',
    undo: 'ip route delete local 10.78.0.1 dev lo',
    difference: 'route local 10.78.0.1 dev lo',
  },
  {
    what: 'a property of a route',
    given: 'ip route replace 10.79.0.0/16 dev t0',
    change: 'ip route replace 10.79.0.0/16 dev t0 mtu 1300',
    undo: 'ip route replace 10.79.0.0/16 dev t0',
    difference: 'route 10.79.0.0/16 dev t0',
    how: 'changed',
  },
  {
    what: 'a rule',
    change: 'ip rule add from 10.9.0.9 table 77',
    undo: 'ip rule delete from 10.9.0.9 table 77',
    difference: 'rule IPv4',
  },
  {
    what: 'an IPv6 rule',
    change: 'ip -6 rule add from fd09::9 table 77',
    undo: 'ip -6 rule delete from fd09::9 table 77',
    difference: 'rule IPv6',
  },
  {
    what: 'a nexthop',
    change: 'ip nexthop add id 7 dev t0',
    undo: 'ip nexthop delete id 7',
    difference: 'nexthop id 7 dev t0',
  },
  {
    what: 'a permanent neighbor',
    change: 'ip neighbor add 10.9.0.7 lladdr 02:00:00:00:00:07 dev t0',
    undo: 'ip neighbor delete 10.9.0.7 dev t0',
    difference: 'neighbor 10.9.0.7 on t0',
  },
  {
    what: 'a proxy for a neighbor',
    change: 'ip neighbor add proxy 10.9.0.8 dev t0',
    undo: 'ip neighbor delete proxy 10.9.0.8 dev t0',
    difference: 'neighbor proxy 10.9.0.8 on t0',
  },
  {
    what: 'a forwarding entry of a bridge',
    change: 'bridge fdb add 02:00:00:00:00:77 dev t1 master static',
    undo: 'bridge fdb delete 02:00:00:00:00:77 dev t1 master',
    difference: 'forwarding entry 02:00:00:00:00:77 on t1',
  },
  {
    what: 'a VLAN of a bridge',
    needs: 'ip link set tb type bridge vlan_filtering 1',
    change: 'bridge vlan add dev t1 vid 77',
    undo: 'bridge vlan delete dev t1 vid 77',
    difference: 'VLAN 77 on t1',
  },
  {
    what: 'an nftables table',
    change: 'nft add table ip x',
    undo: 'nft delete table ip x',
    difference: 'nftables table ip x',
  },
  {
    what: 'an nftables table with chain and rule',
    change: 'nft add table ip x; nft add chain ip x y; nft add rule ip x y accept',
    undo: 'nft delete table ip x',
    difference: 'nftables table ip x',
  },
  {
    what: 'an nftables chain',
    change: 'nft add chain inet t d',
    undo: 'nft delete chain inet t d',
    difference: 'nftables chain inet t d',
  },
  {
    what: 'an nftables rule',
    change: 'nft add rule inet t c tcp dport 7 drop',
    undo: 'nft flush chain inet t c; nft add rule inet t c counter; nft add rule inet t c tcp dport 1 accept',
    difference: "nftables rule 'tcp dport 7 drop' of chain inet t c",
  },
  {
    what: 'the order of nftables rules',
    change: 'nft flush chain inet t c; nft add rule inet t c tcp dport 1 accept; nft add rule inet t c counter',
    undo: 'nft flush chain inet t c; nft add rule inet t c counter; nft add rule inet t c tcp dport 1 accept',
    difference: 'nftables order of rules of chain inet t c',
    how: 'changed',
  },
  {
    what: 'an element of an nftables set',
    change: 'nft add element inet t s "{ 10.9.0.5 }"',
    undo: 'nft delete element inet t s "{ 10.9.0.5 }"',
    difference: 'nftables element "10.9.0.5" of set inet t s',
  },
  {
    what: 'a rule of iptables',
    given: 'iptables -t nat -A POSTROUTING -s 10.9.0.0/24 -m comment --comment first -j MASQUERADE',
    change: 'iptables -t nat -A POSTROUTING -s 10.9.0.0/24 -m comment --comment second -j MASQUERADE',
    undo: 'iptables -t nat -D POSTROUTING 2',
    difference: "iptables rule '-A POSTROUTING -s 10.9.0.0/24 -m comment --comment second -j MASQUERADE'",
  },
  {
    what: 'a chain of iptables',
    change: 'iptables -t nat -N X',
    undo: 'iptables -t nat -X X',
    difference: 'iptables chain X of iptables nat',
  },
  {
    what: 'a rule of ip6tables',
    given: 'ip6tables -t nat -A POSTROUTING -s fd09::/64 -m comment --comment first -j MASQUERADE',
    change: 'ip6tables -t nat -D POSTROUTING 1',
    undo: 'ip6tables -t nat -A POSTROUTING -s fd09::/64 -m comment --comment first -j MASQUERADE',
    difference: "iptables rule '-A POSTROUTING -s fd09::/64 -m comment --comment first -j MASQUERADE'",
    how: 'missing',
  },
  {
    what: 'a qdisc',
    change: 'tc qdisc add dev t0 root pfifo limit 7',
    undo: 'tc qdisc delete dev t0 root',
    difference: 'tc qdisc pfifo',
    needs: 'tc qdisc add dev lo root pfifo; tc qdisc delete dev lo root',
  },
  {
    what: 'a filter',
    given: 'tc qdisc add dev t0 ingress',
    change: 'tc filter add dev t0 ingress matchall action drop',
    undo: 'tc filter delete dev t0 ingress',
    difference: 'tc ',
    needs:
      'tc qdisc add dev lo ingress; trap "tc qdisc delete dev lo ingress" EXIT; tc filter add dev lo ingress matchall action drop',
  },
  {
    what: 'a sysctl of an interface',
    change: 'echo 1 >/proc/sys/net/ipv4/conf/t0/proxy_arp',
    undo: 'echo 0 >/proc/sys/net/ipv4/conf/t0/proxy_arp',
    difference: 'sysctl net.ipv4.conf.t0.proxy_arp',
    how: 'changed',
  },
  {
    what: 'a sysctl of the namespace',
    change: 'echo 7 >/proc/sys/net/ipv4/ip_default_ttl',
    undo: 'echo 64 >/proc/sys/net/ipv4/ip_default_ttl',
    difference: 'sysctl net.ipv4.ip_default_ttl',
    how: 'changed',
  },
]

/** In the node only: files, namespaces and mounts. */
export const NODE_CHANGES: readonly RealChange[] = [
  {
    what: 'a reservation',
    given: 'mkdir -p /var/lib/cni/networks/x',
    change: 'echo id >/var/lib/cni/networks/x/10.9.0.2',
    undo: 'rm /var/lib/cni/networks/x/10.9.0.2',
    difference: 'file /var/lib/cni/networks/x/10.9.0.2',
  },
  {
    what: 'the content of a file of a plugin',
    given: 'mkdir -p /run/cni; echo a >/run/cni/state',
    change: 'echo b >/run/cni/state',
    undo: 'echo a >/run/cni/state',
    difference: 'file /run/cni/state',
    how: 'changed',
  },
  {
    what: 'a link in the file system',
    change: 'ln -s a /run/cni/b',
    undo: 'rm /run/cni/b',
    difference: 'file /run/cni/b',
  },
  {
    what: 'a directory',
    change: 'mkdir /etc/cni/x',
    given: 'mkdir -p /etc/cni',
    undo: 'rmdir /etc/cni/x',
    difference: 'file /etc/cni/x',
  },
  {
    what: 'a file where a plugin keeps nothing',
    change: 'echo x >/root/x',
    undo: 'rm /root/x',
    difference: 'file /root/x',
  },
  {
    what: 'a file in a directory of the configuration',
    given: 'mkdir -p /opt/data',
    change: 'touch /opt/data/x',
    undo: 'rm /opt/data/x',
    difference: 'file /opt/data/x',
  },
  {
    what: 'a file on a file system of its own',
    given: 'mkdir -p /var/lib/own; mount -t tmpfs none /var/lib/own',
    change: 'touch /var/lib/own/x',
    undo: 'rm /var/lib/own/x',
    difference: 'file /var/lib/own/x',
  },
  { what: 'a mount', change: 'mount -t tmpfs none /mnt', undo: 'umount /mnt', difference: 'mount /mnt' },
  {
    what: 'a network namespace of a process',
    change: 'unshare -n sleep 900 >/dev/null 2>&1 & sleep 0.2; echo $! >/tmp/sleeper',
    undo: 'kill $(cat /tmp/sleeper); sleep 0.2',
    difference: 'namespace held by processes only, 1',
  },
]

/** Changes that are none. */
export const NO_CHANGES: readonly Pick<RealChange, 'what' | 'change'>[] = [
  { what: 'nothing', change: ':' },
  { what: 'traffic', change: 'ping -c 2 -i 0.1 10.9.0.1; ping -c 1 -W 1 10.9.0.3 || :' },
  {
    what: 'a cursor of host-local',
    change: 'mkdir -p /var/lib/cni/networks/x; echo 10.9.0.2 >/var/lib/cni/networks/x/last_reserved_ip.0',
  },
  {
    what: 'an object that came and went',
    change: 'ip link add x0 type veth peer name x1; ip link set x0 up; ip link delete x0',
  },
]
