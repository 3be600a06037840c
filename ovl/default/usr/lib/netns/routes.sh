# shellcheck shell=sh
# Default routes of the PODs, and routes to the PODs of other nodes.

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

# Sets $gateway4 and $gateway6 to the oldest global addresses of a device: ip shows the oldest IPv4 address first, the
# oldest IPv6 address last.
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
	in_pod "$1" '{ [ -z "$1" ] || ip route replace default via "$1"; } &&
		{ [ -z "$2" ] || exec ip -6 route replace default via "$2"; }' \
		sh "$gateway4" "$gateway6" || die "set_default_route: cannot add a route via $gateway4 $gateway6 in $1"
}

# Sets $net from the option --net.
net_option() { # <command> [arguments…]
	no_arguments "$@"
	net=${__net:-1}
	is_number "$net" && [ "$net" -le 254 ] || usage "$1: invalid net number '$net'"
	decimal "$net"
	net=$number
}

# Calls a command for each other node, with its number in $other, its POD networks in $pods4 and $pods6, and its
# addresses on the net in $via4 and $via6.
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
	each_other_node direct_route | ip -batch - || die "setup_routes: cannot add some routes, see above"
}
direct_route() {
	echo "route replace $pods4 via $via4"
	echo "route replace $pods6 via $via6"
}

# VXLAN network identifier of the overlay.
VNI=100

# One device serves all nodes: each route contains the endpoint of its tunnel.
cmd_setup_overlay() {
	local type overlay
	net_option setup_overlay "$@"
	type=${__type:-ip6tnl}
	case $type in
	ip6tnl) overlay=ip6tnl6 ;;
	vxlan) overlay=vxlan6 ;;
	*) usage "setup_overlay: no type '$type' (known: ip6tnl vxlan)" ;;
	esac
	own_node
	load_template
	has_device "$overlay" || overlay_device | ip -batch - ||
		die "setup_overlay: cannot create $overlay (kernel module for $type missing?)"
	own_address
	each_other_node "${type}_route" | ip -batch - || die "setup_overlay: cannot add some routes, see above"
}

# Sets $own4 and $own6 to the source addresses for this node's own packets through the tunnels: its address in the POD
# network if it has one, else its address on the net.
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
	# 50 bytes for Ethernet, VXLAN, UDP and IPv4. Larger packets are answered with the MTU.
	vxlan) echo "link add $overlay address $(overlay_mac "$node") mtu 1450 type vxlan external dstport 4789" ;;
	esac
	echo "link set $overlay up"
}

ip6tnl_route() {
	echo "route replace $pods4 encap ip6 dst $via6 dev $overlay src $own4"
	echo "route replace $pods6 encap ip6 dst $via6 dev $overlay src $own6"
}

# A VXLAN carries Ethernet frames: the MAC of the other node's device must be known in advance.
vxlan_route() {
	local mac
	mac=$(overlay_mac "$other")
	# Link-local gateways: the kernel refuses an IPv6 gateway that has a route through another device.
	echo "neighbor replace 169.254.0.$other lladdr $mac dev $overlay"
	echo "neighbor replace fe80::$other lladdr $mac dev $overlay"
	echo "route replace $pods4 encap ip id $VNI dst $via4 via 169.254.0.$other dev $overlay src $own4 onlink"
	echo "route replace $pods6 encap ip id $VNI dst $via4 via fe80::$other dev $overlay src $own6"
}

# Locally administered, like the nodes' MACs, with a net number that no node has.
overlay_mac() { # <node>
	printf '02:00:00:01:ff:%02x' "$1"
}
