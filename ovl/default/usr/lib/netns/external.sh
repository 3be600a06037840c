# shellcheck shell=sh
# Networks beyond a bridge: VLANs, and bridges that an interface of the VM joins with a network outside. Two such
# bridges in one VM have PODs with the same addresses; outside, each meets a namespace that has the same address on both.

need pods address veth bridge

# The outside's address is this host of net 0.
EXTERNAL_HOST=100

cmd_create_vlans() { # <if.vlan…>
	[ $# -ge 1 ] || usage "create_vlans: at least one interface is needed, as in eth2.100"
	for name; do
		below=${name%.*} vlan=${name##*.}
		[ "$below" != "$name" ] && is_number "$vlan" && [ "$vlan" -ge 1 ] && [ "$vlan" -le 4094 ] ||
			usage "create_vlans: '$name' is no interface with a VLAN from 1 to 4094, as in eth2.100"
		[ -e "/sys/class/net/$below" ] || die "create_vlans: no interface '$below'"
		[ -e "/sys/class/net/$name" ] ||
			ip link add link "$below" name "$name" type vlan id "$vlan" || die "create_vlans: $name cannot be made"
		bring_up "$below" && bring_up "$name" || die "create_vlans: $name does not come up"
	done
}

# Each interface goes into a namespace of its own, called after it, with one and the same address.
cmd_xnetns() { # <if…>
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
			[ -e "/sys/class/net/$name" ] || die "xnetns: no interface '$name'"
			create_pod "$external"
		fi
		if [ -e "/sys/class/net/$name" ]; then
			# VLANs have the MAC of the interface below: each gets its own, by which it is told from the others.
			case $name in
			*.*) ip link set "$name" address "$(printf '02:00:%02x:%02x:%02x:%02x' "$node" $((${name##*.} >> 8)) $((${name##*.} & 255)) 1)" ;;
			esac
			ip link set "$name" netns "$external" || die "xnetns: $name cannot be moved"
		fi
		# shellcheck disable=SC2016
		in_pod "$external" 'ip address flush dev "$1" && ip link set "$1" up && ip address replace "$2" dev "$1" && exec ip address replace "$3" dev "$1"' \
			sh "$name" "$text/$inner" "$PREFIX:$text/$((inner + 96))" || die "xnetns: $external does not take $text"
	done
}

# A bridge with PODs, whose names begin with the bridge's, and an interface as its way out; pings in and out.
cmd_xbridge() { # <bridge> <ext-if>
	[ $# -eq 2 ] || usage "xbridge: a bridge and an interface are needed"
	bridge=$1 external=$2
	NAME_PREFIX=$bridge-
	own_node
	load_template
	range
	[ -e "/sys/class/net/$external" ] || die "xbridge: no interface '$external'"
	make_bridge "$bridge"
	ip link set "$external" up master "$bridge" || die "xbridge: $external is no port of $bridge"
	cmd_create && cmd_veth && cmd_connect_to_bridge "$bridge" || return
	find_multi
	# All bridges have the same ones: net 0.
	node=0 random=no
	bridge_pod=1
	while [ "$bridge_pod" -le "$NPODS" ]; do
		own_node
		pod_name "$bridge_pod"
		n=$bridge_pod node=0
		assign_address "$pod"
		bridge_pod=$((bridge_pod + 1))
	done
	own_node
	xbridge_ping
}

# Every POD reaches every other of its bridge, and the outside. Who it is that answers, the matrix tells.
xbridge_ping() {
	pod_address 0 "$EXTERNAL_HOST"
	format_ipv4 "$ipv4"
	targets="$text $PREFIX:$text"
	for number in $(cmd_for); do
		pod_address 0 "$number"
		format_ipv4 "$ipv4"
		targets="$targets $text $PREFIX:$text"
	done
	status=0
	each_pod xbridge_ping_from || status=1
	[ "$status" -eq 0 ] || return 1
	echo "the PODs of $bridge reach each other and the outside"
}

xbridge_ping_from() { # <pod>
	try=1
	while :; do
		# shellcheck disable=SC2016,SC2086
		silent=$(in_pod "$1" 'for a; do case $a in *:*) six=-6;; *) six=;; esac; ping $six -c 1 -W 1 "$a" >/dev/null 2>&1 || echo "$a"; done' \
			sh $targets)
		[ -n "$silent" ] || return 0
		if [ "$try" -ge "$TRIES" ]; then
			for address in $silent; do failed "no answer to ping: from $1, address $address"; done
			return 1
		fi
		try=$((try + 1))
		sleep 1
	done
}
