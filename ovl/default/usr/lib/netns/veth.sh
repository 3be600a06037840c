# shellcheck shell=sh
# A veth pair for each POD: its name in the VM, $PODIF in the POD.

need pods address

cmd_veth() {
	make_pairs "$@"
	find_multi
	each_pod bring_up
}

# The kernel brings no end up before both are there, so the PODs' ends come up in a round of their own, afterwards.
make_pairs() {
	range "$@"
	own_node
	real_run 2>/dev/null || die "veth: no PODs (netns_test create makes them)"
	each_pod check_veth
	save_defaults
	# One process for all pairs, the peer made in its POD.
	lines=
	each_pod veth_line
	ip_batch "$lines"
	status=$?
	restore_defaults
	[ "$status" -eq 0 ] || die "veth: some pairs could not be made, see above"
}

# For the VM's own new interfaces, the PODs' defaults for a while.
save_defaults() {
	read -r saved_dad <"$DEFAULTS"/accept_dad
	read -r saved_ra <"$DEFAULTS"/accept_ra
	read -r saved_gen <"$DEFAULTS"/addr_gen_mode
	eval "$SET_DEFAULTS"
}
restore_defaults() {
	echo "$saved_dad" >"$DEFAULTS"/accept_dad
	echo "$saved_ra" >"$DEFAULTS"/accept_ra
	echo "$saved_gen" >"$DEFAULTS"/addr_gen_mode
}

check_veth() { # <pod>
	require_pod "$1"
	case $1 in
	????????????????*) usage "veth: '$1' is too long for an interface name (15 characters): shorten NAME_PREFIX" ;;
	esac
}

veth_line() { # <pod>
	[ ! -e "/sys/class/net/$1" ] || return 0
	pod_interface "$1"
	lines="${lines}link add $1 up type veth peer name $interface netns $1$NEWLINE"
}

bring_up() { # <pod>
	pod_interface "$1"
	ip_in_pod "$1" "link set $interface up" || die "veth: $(no_interface "$1")"
}

no_interface() { # <pod>
	echo "$interface in $1 does not come up: perhaps the interface $1 here is another one, and in the way (ip link delete $1)"
}

cmd_assign_addresses() {
	random=no
	if [ "${1-}" = --random ]; then
		random=yes
		shift
	fi
	range "$@"
	own_node
	load_template
	find_multi
	each_pod assign_address
}

assign_address() { # <pod>
	require_pod "$1"
	pod_interface "$1"
	case $random in
	yes) random_pod_address "$node" "$n" ;;
	no) pod_address "$node" "$n" ;;
	esac
	format_ipv4 "$ipv4"
	lines="address replace $text/$inner broadcast + dev $interface
address replace $PREFIX:$text/$((inner + 96)) dev $interface"
	# Where it must come up as well, all is one process's work.
	[ -z "${bring_up-}" ] || lines="link set $interface up
$lines"
	ip_in_pod "$1" "$lines" ||
		die "assign_addresses: $1 does not take $text on $interface${bring_up:+, or $(no_interface "$1")}"
}
