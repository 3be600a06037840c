# shellcheck shell=sh
# Beyond the bridge: default routes in the PODs, and the way to the PODs of other nodes.

need pods address

cmd_set_default_route() {
	bridge=
	for option; do
		case $option in
		--bridge=?*) bridge=${option#*=} ;;
		*) usage "set_default_route: takes --bridge=<device> and nothing else" ;;
		esac
	done
	own_node
	load_template
	if [ -n "$bridge" ]; then
		device_addresses "$bridge"
	else
		pod_address "$node" 0
		format_ipv4 "$ipv4"
		gateway4=$text gateway6=$PREFIX:$text
	fi
	range
	find_multi
	each_pod default_route
}

# Sets $gateway4 and $gateway6 to a device's first global addresses.
device_addresses() { # <device>
	[ -e "/sys/class/net/$1" ] || die "set_default_route: no device '$1'"
	gateway4='' gateway6=''
	while read -r _ _ kind address _; do
		case $kind in
		inet) gateway4=${gateway4:-${address%/*}} ;;
		inet6) gateway6=${gateway6:-${address%/*}} ;;
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

# Sets $net, and $type where a command has one.
net_option() { # <command> <its types> [options…]
	net=1 type=${2%% *}
	in_command=$1 types=$2
	shift 2
	for option; do
		case $option in
		--net=?*) net=${option#*=} ;;
		--type=?*)
			type=${option#*=}
			case " $types " in
			*" $type "*) ;;
			*) usage "$in_command: no type '$type' (there is: $types)" ;;
			esac
			;;
		*) usage "$in_command: unknown option '$option'" ;;
		esac
	done
	is_number "$net" && [ "$net" -le 254 ] || usage "$in_command: '$net' is no number of a net"
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
	net_option setup_routes '' "$@"
	[ -z "$type" ] || usage "setup_routes: has no types"
	own_node
	load_template
	each_other_node direct_route | ip -batch - || die "setup_routes: some routes could not be made, see above"
}
direct_route() {
	echo "route replace $pods4 via $via4"
	echo "route replace $pods6 via $via6"
}

# The device of the overlay: one for all nodes, since each route says where its packets are to be sent.
OVERLAY=overlay
# Of the tunnels between the nodes.
VNI=100

cmd_setup_overlay() {
	net_option setup_overlay 'ip6tnl vxlan' "$@"
	own_node
	load_template
	if [ -e "/sys/class/net/$OVERLAY" ]; then
		ip -o -d link show dev "$OVERLAY" | grep -q " $type external" ||
			die "setup_overlay: there is a device $OVERLAY of another type (ip link delete $OVERLAY)"
	else
		overlay_device | ip -batch - || die "setup_overlay: $OVERLAY cannot be made (a module for $type?)"
	fi
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
	ip6tnl) echo "link add $OVERLAY type ip6tnl external" ;;
	# 50 bytes for Ethernet, VXLAN, UDP and IPv4: what does not fit is answered with the size that does.
	vxlan) echo "link add $OVERLAY address $(overlay_mac "$node") mtu 1450 type vxlan external dstport 4789" ;;
	esac
	echo "link set $OVERLAY up"
}

ip6tnl_route() {
	echo "route replace $pods4 encap ip6 dst $via6 dev $OVERLAY src $own4"
	echo "route replace $pods6 encap ip6 dst $via6 dev $OVERLAY src $own6"
}

# A VXLAN carries Ethernet: the other node's end has an address of its own there, known in advance.
vxlan_route() {
	mac=$(overlay_mac "$other")
	# Addresses that lead nowhere else: the kernel takes no IPv6 gateway that has a route by another device.
	echo "neighbor replace 169.254.0.$other lladdr $mac dev $OVERLAY"
	echo "neighbor replace fe80::$other lladdr $mac dev $OVERLAY"
	echo "route replace $pods4 encap ip id $VNI dst $via4 via 169.254.0.$other dev $OVERLAY src $own4 onlink"
	echo "route replace $pods6 encap ip id $VNI dst $via4 via fe80::$other dev $OVERLAY src $own6"
}

# As nodes have on their nets, with a net that no node has: locally administered.
overlay_mac() { # <node>
	printf '02:00:00:01:ff:%02x' "$1"
}
