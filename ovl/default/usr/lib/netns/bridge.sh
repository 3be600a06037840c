# shellcheck shell=sh
# The Linux bridge that connects the PODs of this node.

need pods address

BRIDGE=${BR:-br0}

# Creates a bridge, unless it exists.
make_bridge() { # <bridge>
	[ -e "/sys/class/net/$1/bridge" ] && return
	! has_device "$1" || die "$1 exists and is not a bridge"
	ip link add "$1" type bridge || die "cannot create the bridge $1"
}

# Without duplicate address detection an address can be used at once. Fails silently for a device without IPv6.
no_dad() { echo 0 2>/dev/null >"/proc/sys/net/ipv6/conf/$1/accept_dad" || :; } # <device>

# Assigns this node's address to a bridge and connects the PODs to it, in one process.
fill_bridge() { # <bridge> <random addresses: yes or not>
	local bridge lines random
	bridge=$1 random=$2
	range
	own_node
	load_template
	lines=
	address_lines "$bridge"
	each_pod check_port
	each_pod port_line
	ip_batch "$lines" || die "cannot assign the address of $bridge or connect the PODs, see above"
}

cmd_connect_to_bridge() {
	local bridge lines
	[ $# -ge 1 ] || usage "connect_to_bridge: the name of a bridge is needed"
	bridge=$1
	shift
	range "$@"
	own_node
	[ -e "/sys/class/net/$bridge/bridge" ] || die "connect_to_bridge: no bridge '$bridge'"
	each_pod check_port
	lines=
	each_pod port_line
	ip_batch "$lines" || die "connect_to_bridge: some PODs could not be connected, see above"
}

check_port() { # <pod>
	has_device "$1" || die "connect_to_bridge: no interface '$1' (netns_test veth creates it)"
}
port_line() { lines="${lines}link set $1 up master $bridge$NEWLINE"; }

cmd_assign_bridge_address() {
	local lines random
	[ $# -eq 1 ] || usage "assign_bridge_address: a device is needed"
	has_device "$1" || die "assign_bridge_address: no device '$1'"
	own_node
	load_template
	lines='' random=${__random-}
	address_lines "$1"
	ip_batch "$lines" || die "assign_bridge_address: cannot assign $text to $1"
}

# Appends to $lines: set a device up and assign this node's addresses to it.
address_lines() { # <device>
	no_dad "$1"
	if [ "$random" = yes ]; then
		need random
		random_address "$node"
	else
		pod_address "$node" 0
	fi
	format_ipv4 "$ipv4"
	lines="${lines}link set $1 up
address replace $text/$inner dev $1
address replace $PREFIX:$text/$((inner + 96)) dev $1$NEWLINE"
}
