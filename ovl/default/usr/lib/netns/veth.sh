# shellcheck shell=sh
# A veth pair for each POD: its name in the VM, $PODIF in the POD.

need pods address

cmd_veth() {
	range "$@"
	own_node
	find_multi
	real_run 2>/dev/null || die "veth: no PODs (netns_test create makes them)"
	each_pod check_veth
	lines='' maker=''
	each_pod veth_line
	save_defaults
	make_pairs && each_pod bring_up
	status=$?
	restore_defaults
	[ "$status" -eq 0 ] || die "veth: some pairs could not be made, see above"
}

# One process for all pairs. The request makes the POD's end, and brings it up since its peer is there by then; a peer would stay down,
# and take a process in its POD. It comes from the POD whose pair is the last one: the kernel looks for the name of what is to be made
# where the request comes from as well, and an eth0 is in the VM, but not yet there.
make_pairs() {
	[ -z "$lines" ] || ip_in_pod "$maker" "$lines"
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

# What is there already is brought up.
veth_line() { # <pod>
	pod_interface "$1"
	if [ ! -e "/sys/class/net/$1" ]; then
		lines="${lines}link add $interface up netns $1 type veth peer name $1 netns $$$NEWLINE"
		maker=$1
	else
		ip_in_pod "$1" "link set $interface up" ||
			die "veth: $interface in $1 does not come up: perhaps the interface $1 here is another one, and in the way (ip link delete $1)"
	fi
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
	ip_in_pod "$1" "address replace $text/$inner broadcast + dev $interface
address replace $PREFIX:$text/$((inner + 96)) dev $interface" || die "assign_addresses: $1 does not take $text on $interface"
}
