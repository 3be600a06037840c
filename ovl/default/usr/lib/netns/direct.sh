# shellcheck shell=sh
# Connects PODs directly to a device of the node, without bridge and veth, by ipvlan or macvlan. The node itself gets
# such an interface too, because it cannot reach the PODs through the lower device; assign_bridge_address sets it up.

need pods

cmd_add_ipvlan() { # <dev> [mode]
	add_direct ipvlan "l2 l3 l3s" "$@"
}
cmd_add_macvlan() { # <dev> [mode]
	add_direct macvlan "bridge private vepa passthru" "$@"
}

add_direct() { # <kind> <modes> <dev> [mode]
	local modes kind mode below own
	kind=$1 modes=$2
	shift 2
	[ $# -ge 1 ] && [ $# -le 2 ] || usage "add_$kind: expects a device, and optionally a mode"
	below=$1 mode=${2:-${modes%% *}}
	case " $modes " in
	*" $mode "*) ;;
	*) usage "add_$kind: no mode '$mode' (known: $modes)" ;;
	esac
	has_device "$below" || die "add_$kind: no device '$below'"
	own=$kind-$below
	case $own in
	????????????????*) usage "add_$kind: '$own' is too long for an interface name (15 characters)" ;;
	esac
	range
	# The kernel allows only one macvlan in mode passthru on a device.
	[ "$mode" != passthru ] || [ "$count" -eq 1 ] || usage "add_$kind: mode passthru works with one POD only (NPODS=1)"
	own_node
	real_run 2>/dev/null || die "add_$kind: no PODs (netns_test create creates them)"
	find_multi
	each_pod require_pod
	# An upper interface cannot be set up while the lower device is down.
	bring_up "$below"
	{
		[ "$mode" = passthru ] || has_device "$own" || echo "link add link $below name $own type $kind mode $mode"
		each_pod direct_line
	} | ip -batch - || die "add_$kind: cannot create some interfaces, see above (kernel module $kind missing?)"
	each_pod name_direct
}

# Creates the interface under a temporary name: the kernel also checks the final one against the node's own eth0.
direct_line() { # <pod>
	pod_interface "$1"
	# /proc/sys/net shows the namespace of the reading process.
	# shellcheck disable=SC2016
	in_pod "$1" '[ -e "/proc/sys/net/ipv4/conf/$1" ]' sh "$interface" ||
		echo "link add link $below name direct-$n netns $1 type $kind mode $mode"
}

name_direct() { # <pod>
	pod_interface "$1"
	# shellcheck disable=SC2016
	in_pod "$1" '{ [ ! -e "/proc/sys/net/ipv4/conf/$2" ] || ip link set "$2" name "$1"; } &&
		echo 0 >"/proc/sys/net/ipv6/conf/$1/accept_dad" && exec ip link set "$1" up' sh "$interface" "direct-$n" ||
		die "add_$kind: cannot set up $interface in $1"
}
