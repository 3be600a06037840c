# shellcheck shell=sh
# VLANs, and bridges connected to an external network by an interface of the node. Two such bridges on one node have
# PODs with the same addresses; each reaches a namespace in its external network, both with the same address, too.

need pods address veth bridge ping

# The external address is this host of net 0.
EXTERNAL_HOST=100

# Leaves the interfaces down until something is connected to them.
cmd_create_vlans() { # <if.vlan…>
	local name below vlan
	[ $# -ge 1 ] || usage "create_vlans: at least one interface is needed, as in eth2.100"
	for name; do
		below=${name%.*} vlan=${name##*.}
		[ "$below" != "$name" ] && is_number "$vlan" && [ "$vlan" -ge 1 ] && [ "$vlan" -le 4094 ] ||
			usage "create_vlans: '$name' is not an interface with a VLAN from 1 to 4094, as in eth2.100"
		has_device "$below" || die "create_vlans: no interface '$below'"
		has_device "$name" ||
			ip link add link "$below" name "$name" type vlan id "$vlan" || die "create_vlans: cannot create $name"
	done
}

# Moves each interface to a namespace of its own, named after it. All get the same address.
cmd_xnetns() { # <if…>
	local external name vlan
	[ $# -ge 1 ] || usage "xnetns: at least one interface is needed"
	own_node
	load_template
	pod_address 0 "$EXTERNAL_HOST"
	format_ipv4 "$ipv4"
	find_multi
	mkdir -p "$NETNS" "$UTSNS"
	real_run
	mounts=
	for name; do
		external=$host-$name
		if [ ! -e "$NETNS/$external" ]; then
			has_device "$name" || die "xnetns: no interface '$name'"
			create_pods "$external"
		fi
		if has_device "$name"; then
			raise_below "$name"
			# VLANs inherit the MAC of the lower interface. A MAC of its own makes each distinguishable.
			vlan=${name##*.}
			case $name in
			*.*)
				ip link set "$name" address \
					"$(printf '02:00:%02x:%02x:%02x:01' "$node" $((vlan >> 8)) $((vlan & 255)))"
				;;
			esac
			ip link set "$name" netns "$external" || die "xnetns: cannot move $name to $external"
		fi
		# shellcheck disable=SC2016
		in_pod "$external" 'ip address flush dev "$1" && echo 0 >"/proc/sys/net/ipv6/conf/$1/accept_dad" &&
			ip link set "$1" up && ip address replace "$2" dev "$1" && exec ip address replace "$3" dev "$1"' \
			sh "$name" "$text/$inner" "$PREFIX:$text/$((inner + 96))" || die "xnetns: cannot assign $text in $external"
	done
}

# Sets up the interfaces below: a VLAN cannot be set up while its lower interface is down.
raise_below() { # <interface>
	local link
	for link in /sys/class/net/"$1"/lower_*; do
		[ ! -e "$link" ] || bring_up "${link##*/lower_}" || die "cannot set up ${link##*/lower_}"
	done
}

# Creates a bridge with PODs, whose names begin with the bridge's, and makes an interface its port to the external
# network.
cmd_xbridge() { # <bridge> <ext-if>
	local xbridge external device
	[ $# -eq 2 ] || usage "xbridge: a bridge and an interface are needed"
	xbridge=$1 external=$2
	NAME_PREFIX=$xbridge-
	range
	has_device "$external" || die "xbridge: no interface '$external'"
	make_bridge "$xbridge"
	for device in "$xbridge" "$external"; do
		no_dad "$device"
		echo 0 >"/proc/sys/net/ipv6/conf/$device/accept_ra" || die "xbridge: $device has no IPv6"
	done
	raise_below "$external"
	ip_batch "link set $xbridge up
link set $external up master $xbridge" || die "xbridge: cannot make $external a port of $xbridge"
	cmd_create && veth_with_addresses && cmd_connect_to_bridge "$xbridge"
}

# Pings from every POD all PODs of its bridge and the external network. It does not check who answers: the matrix does.
cmd_xbridge_ping() { # <bridge>
	local address status targets
	[ $# -eq 1 ] || usage "xbridge_ping: a bridge is needed"
	NAME_PREFIX=$1-
	own_node
	load_template
	range
	find_multi
	pod_address 0 "$EXTERNAL_HOST"
	# shellcheck disable=SC2153
	print_target outside >"$TARGETS"
	each_pod print_targets >>"$TARGETS"
	targets=
	while read -r address _; do targets="$targets $address"; done <"$TARGETS"
	rm -f "$TARGETS"
	status=0
	each_pod xbridge_ping_from || status=1
	[ "$status" -eq 0 ] || return 1
	echo "the PODs of $1 reach each other and the outside"
}

xbridge_ping_from() { # <pod>
	local silent try address
	try=1
	while :; do
		# shellcheck disable=SC2016,SC2086
		silent=$(in_pod "$1" 'for a; do
				case $a in *:*) six=-6;; *) six=;; esac
				ping $six -c 1 -W 1 "$a" >/dev/null 2>&1 || echo "$a"
			done' sh $targets) || die "xbridge_ping: cannot ping in $1 (netns_test xbridge creates it)"
		[ -n "$silent" ] || return 0
		if [ "$try" -ge "$TRIES" ]; then
			for address in $silent; do failed "no answer to ping: from $1, address $address"; done
			return 1
		fi
		try=$((try + 1))
		sleep 1
	done
}
