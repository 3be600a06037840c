# shellcheck shell=sh
# Beyond the bridge: default routes in the PODs, and the way to the PODs of other nodes.

need pods address

cmd_set_default_route() {
	no_arguments set_default_route "$@"
	own_node
	load_template
	if [ -n "${__bridge-}" ]; then
		device_addresses "$__bridge"
	else
		pod_address "$node" 0
		format_ipv4 "$ipv4"
		gateway4=$text gateway6=$PREFIX:$text
	fi
	range
	find_multi
	each_pod default_route
}

# Sets $gateway4 and $gateway6 to the global addresses that a device had first: ip shows the oldest IPv4 address first, and the oldest
# IPv6 address last.
device_addresses() { # <device>
	local kind address
	has_device "$1" || die "set_default_route: no device '$1'"
	gateway4='' gateway6=''
	while read -r _ _ kind address _; do
		case $kind in
		inet) gateway4=${gateway4:-${address%/*}} ;;
		inet6) gateway6=${address%/*} ;;
		esac
	done <<-EOF
		$(ip -o address show dev "$1" scope global)
	EOF
	[ -n "$gateway4$gateway6" ] || die "set_default_route: $1 has no global address"
}

default_route() { # <pod>
	require_pod "$1"
	# shellcheck disable=SC2016
	in_pod "$1" '{ [ -z "$1" ] || ip route replace default via "$1"; } && { [ -z "$2" ] || exec ip -6 route replace default via "$2"; }' \
		sh "$gateway4" "$gateway6" || die "set_default_route: $1 does not take a route via $gateway4 $gateway6"
}

# Sets $net from the option that these commands have.
net_option() { # <command> [arguments…]
	no_arguments "$@"
	net=${__net:-1}
	is_number "$net" && [ "$net" -le 254 ] || usage "$1: '$net' is no number of a net"
	decimal "$net"
	net=$number
}

# Calls a command for each other node, with $other, its POD network in $pods4 and $pods6, and its own addresses on the
# net in $via4 and $via6.
each_other_node() { # <command>
	other=1
	while [ "$other" -le "$__nvm" ]; do
		if [ "$other" -ne "$node" ]; then
			pod_address "$other" 0
			format_ipv4 "$ipv4"
			pods4=$text/$inner
			pods6=$PREFIX:$text/$((inner + 96))
			via4=192.168.$net.$other
			via6=$PREFIX:$via4
			"$1"
		fi
		other=$((other + 1))
	done
}

cmd_setup_routes() {
	net_option setup_routes "$@"
	own_node
	load_template
	each_other_node direct_route | ip -batch - || die "setup_routes: some routes could not be made, see above"
}
direct_route() {
	echo "route replace $pods4 via $via4"
	echo "route replace $pods6 via $via6"
}

# Of the tunnels between the nodes.
VNI=100

# One device for all nodes, since each route says where its packets are to be sent.
cmd_setup_overlay() {
	local type overlay
	net_option setup_overlay "$@"
	type=${__type:-ip6tnl}
	case $type in
	ip6tnl) overlay=ip6tnl6 ;;
	vxlan) overlay=vxlan6 ;;
	*) usage "setup_overlay: no type '$type' (there is: ip6tnl vxlan)" ;;
	esac
	own_node
	load_template
	has_device "$overlay" || overlay_device | ip -batch - || die "setup_overlay: $overlay cannot be made (a module for $type?)"
	own_address
	each_other_node "${type}_route" | ip -batch - || die "setup_overlay: some routes could not be made, see above"
}

# Sets $own4 and $own6, from which this node itself sends through the tunnels: its address among the PODs where it has that,
# else the one on the net.
own_address() {
	pod_address "$node" 0
	format_ipv4 "$ipv4"
	own4=$text
	[ -n "$(ip -o address show to "$own4")" ] || own4=192.168.$net.$node
	own6=$PREFIX:$own4
}

overlay_device() {
	case $type in
	ip6tnl) echo "link add $overlay type ip6tnl external" ;;
	# 50 bytes for Ethernet, VXLAN, UDP and IPv4: what does not fit is answered with the size that does.
	vxlan) echo "link add $overlay address $(overlay_mac "$node") mtu 1450 type vxlan external dstport 4789" ;;
	esac
	echo "link set $overlay up"
}

ip6tnl_route() {
	echo "route replace $pods4 encap ip6 dst $via6 dev $overlay src $own4"
	echo "route replace $pods6 encap ip6 dst $via6 dev $overlay src $own6"
}

# A VXLAN carries Ethernet: the other node's end has an address of its own there, known in advance.
vxlan_route() {
	local mac
	mac=$(overlay_mac "$other")
	# Addresses that lead nowhere else: the kernel takes no IPv6 gateway that has a route by another device.
	echo "neighbor replace 169.254.0.$other lladdr $mac dev $overlay"
	echo "neighbor replace fe80::$other lladdr $mac dev $overlay"
	echo "route replace $pods4 encap ip id $VNI dst $via4 via 169.254.0.$other dev $overlay src $own4 onlink"
	echo "route replace $pods6 encap ip id $VNI dst $via4 via fe80::$other dev $overlay src $own6"
}

# As nodes have on their nets, with a net that no node has: locally administered.
overlay_mac() { # <node>
	printf '02:00:00:01:ff:%02x' "$1"
}
