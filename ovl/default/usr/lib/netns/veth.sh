# shellcheck shell=sh
# A veth pair for each POD: <pod> on the node, $PODIF in the POD.

need pods address

cmd_veth() {
	local ends
	make_pairs "$@"
	ends=
	each_pod veth_end
	configure_ends set_pod_end veth_failed
}

veth_end() { # <pod>
	pod_interface "$1"
	ends="$ends$1 $interface up$NEWLINE"
}

# Like veth and assign_addresses, with one process for each POD.
veth_with_addresses() {
	local random ends
	make_pairs
	load_template
	random=${RNDADR-} ends=
	each_pod pod_end_with_addresses
	configure_ends set_pod_end veth_failed
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

# Configures the interfaces of PODs by the lines of $ends, "<pod> <interface> <up|-> <address/length…>": in one process,
# or without Perl by a command for each POD. Calls a command with the arguments of a line that failed.
configure_ends() { # <command> <command for a failure>
	local line
	[ -n "$ends" ] || return 0
	if find_perl "$count"; then
		line=$("$perl" "$library/pods.pl" configure "$NETNS" <<-EOF
			$ends
		EOF
		)
		# shellcheck disable=SC2086
		case $? in
		0) return ;;
		78) perl= ;;
		*) "$2" $line ;;
		esac
	fi
	while read -r line; do
		# shellcheck disable=SC2086
		[ -z "$line" ] || "$1" $line || "$2" $line
	done <<-EOF
		$ends
	EOF
}

# Sets up the POD's end, without addresses by busybox's ip, which starts faster.
set_pod_end() { # <pod> <interface> up [address/length…]
	local rise
	end_lines "$@"
	# shellcheck disable=SC2016
	case $lines in
	'') rise='exec ip link set "$1" up' ;;
	*) rise='exec "$2" -batch -' ;;
	esac
	in_pod "$1" "conf=/proc/sys/net/ipv6/conf/\$1 && $SET_END && $rise" sh "$2" "$real_ip" <<-EOF
		link set $2 up
		$lines
	EOF
}

# Sets $lines to commands of ip.
end_lines() { # <pod> <interface> <up|-> [address/length…]
	local interface_of address
	interface_of=$2
	shift 3
	lines=
	for address; do lines="${lines}address replace $address dev $interface_of$NEWLINE"; done
}

veth_failed() { # [pod] [interface] …
	die "veth: cannot set up ${2-interfaces} in ${1-PODs}:" \
		"the interface ${1-} on the node may not be its peer (ip link delete ${1-})"
}

pod_end_with_addresses() { # <pod>
	pod_addresses "$1"
	ends="$ends$1 $interface up $addresses$NEWLINE"
}

cmd_assign_addresses() {
	local random ends
	range "$@"
	own_node
	load_template
	find_multi
	random=${__random-} ends=
	each_pod assign_address
	configure_ends set_addresses assign_failed
}

assign_address() { # <pod>
	require_pod "$1"
	pod_addresses "$1"
	ends="$ends$1 $interface - $addresses$NEWLINE"
}

set_addresses() { # <pod> <interface> - <address/length…>
	end_lines "$@"
	ip_in_pod "$1" "$lines"
}

assign_failed() { # [pod] [interface] [-] [address/length] …
	die "assign_addresses: cannot assign ${4-addresses} to ${2-interfaces} in ${1-PODs}"
}

# Sets $interface and $addresses.
pod_addresses() { # <pod>
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
	addresses="$text/$inner $PREFIX:$text/$((inner + 96))"
}
