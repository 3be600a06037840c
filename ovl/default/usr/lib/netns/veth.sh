# shellcheck shell=sh
# A veth pair for each POD: <pod> on the node, $PODIF in the POD.

need pods address

cmd_veth() {
	local lines
	make_pairs "$@"
	lines=
	each_pod set_pod_end
}

# Like veth and assign_addresses, with one process for each POD.
veth_with_addresses() {
	local random
	make_pairs
	load_template
	random=${RNDADR-}
	each_pod pod_end_with_addresses
}

# Prints the title of a step that creates PODs with addresses.
title_with_addresses() {
	case ${RNDADR-} in
	yes) tcase "Create PODs and assign random addresses" ;;
	*) tcase "Create PODs and assign addresses" ;;
	esac
}

# Creates all pairs in one process, with the POD's end in the POD.
make_pairs() { # [count] [first]
	local lines
	range "$@"
	own_node
	find_multi
	[ "$count" -eq 0 ] || real_run 2>/dev/null || die "veth: no PODs (netns_test create creates them)"
	each_pod check_veth
	lines=
	each_pod pair_line
	[ -z "$lines" ] || ip_batch "$lines" || die "veth: cannot create some pairs, see above"
	each_pod set_vm_end
}

check_veth() { # <pod>
	require_pod "$1"
	case $1 in
	????????????????*) usage "veth: '$1' is too long for an interface name (15 characters): shorten NAME_PREFIX" ;;
	esac
}

pair_line() { # <pod>
	pod_interface "$1"
	has_device "$1" || lines="${lines}link add $1 type veth peer name $interface netns $1$NEWLINE"
}

# Settings of both ends before they are set up: no duplicate address detection (which takes a second), no router
# advertisements, no link-local addresses (addr_gen_mode 1).
# shellcheck disable=SC2016
SET_END='echo 0 >"$conf/accept_dad" && echo 0 >"$conf/accept_ra" && echo 1 >"$conf/addr_gen_mode"'

set_vm_end() { # <pod>
	# shellcheck disable=SC2034
	conf=/proc/sys/net/ipv6/conf/$1
	eval "$SET_END" && bring_up "$1" || die "veth: cannot set up $1"
}

# Sets up the POD's end and runs $lines with `ip -batch` in the POD. Without $lines busybox's ip suffices, and starts
# faster.
set_pod_end() { # <pod>
	local rise
	pod_interface "$1"
	# shellcheck disable=SC2016
	case $lines in
	'') rise='exec ip link set "$1" up' ;;
	*) rise='exec "$2" -batch -' ;;
	esac
	in_pod "$1" "conf=/proc/sys/net/ipv6/conf/\$1 && $SET_END && $rise" sh "$interface" "$real_ip" <<-EOF ||
		link set $interface up
		$lines
	EOF
		die "veth: cannot set up $interface in $1: the interface $1 on the node may not be its peer (ip link delete $1)"
}

pod_end_with_addresses() { # <pod>
	pod_address_lines "$1"
	set_pod_end "$1"
}

cmd_assign_addresses() {
	local random
	range "$@"
	own_node
	load_template
	find_multi
	random=${__random-}
	each_pod assign_address
}

assign_address() { # <pod>
	require_pod "$1"
	pod_address_lines "$1"
	ip_in_pod "$1" "$lines" || die "assign_addresses: cannot assign $text to $interface in $1"
}

pod_address_lines() { # <pod>
	pod_interface "$1"
	own_net
	case $random in
	yes)
		need random
		random_pod_address "$node" "$n"
		;;
	*) pod_address "$net" "$n" ;;
	esac
	format_ipv4 "$ipv4"
	lines="address replace $text/$inner dev $interface
address replace $PREFIX:$text/$((inner + 96)) dev $interface"
}
