# Starts the daemon of the plugin dhcp, and a DHCP server behind eth1: in sandboxes only, nodes have no network
# `outside`. shellcheck shell=sh
[ -e /run/netns/outside ] || exit 0
cat >/run/udhcpd.conf <<-EOF
	start 192.168.1.10
	end 192.168.1.240
	interface eth1
	max_leases 231
	lease_file /run/udhcpd.leases
	pidfile /run/udhcpd.pid
	option subnet 255.255.255.0
	option router 192.168.1.254
EOF
touch /run/udhcpd.leases
# By default, the server waits 2 s before each offer whether another machine has the address, one client after another.
ip netns exec outside udhcpd -a 1 -f /run/udhcpd.conf </dev/null >/dev/null 2>&1 &
for plugin in /opt/cni/bin/dhcp /usr/lib/cni/dhcp; do [ ! -x "$plugin" ] || break; done
"$plugin" daemon </dev/null >/dev/null 2>&1 &
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ ! -S /run/cni/dhcp.sock ] || exit 0
	sleep 0.2
done
echo 'the daemon of the plugin dhcp did not start' >&2
exit 1
