# shellcheck shell=sh
# The run's variables, and the numbers and names derived from them.
#
# In all parts, functions return text in the variables that their comments name ("Sets $x"): a command substitution
# forks the shell, which takes an emulated VM 4 ms, a variable 0.1 ms.

MOST_PODS=254
# Attempts of pings, one second apart.
TRIES=10

# Sets defaults and checks values.
load_environment() {
	: "${NPODS:=4}" "${ADRTEMPLATE:=172.16.0.0/16/24}" "${PODIF:=eth0}" "${PREFIX:=1000::1}" "${__nvm:=4}"
	! is_number "$NPODS" || { decimal "$NPODS" && NPODS=$number; }
	! is_number "$__nvm" || { decimal "$__nvm" && __nvm=$number; }
	is_number "$NPODS" && [ "$NPODS" -ge 1 ] && [ "$NPODS" -le "$MOST_PODS" ] ||
		usage "NPODS=$NPODS: must be a number from 1 to $MOST_PODS"
	is_number "$__nvm" && [ "$__nvm" -ge 1 ] || usage "__nvm=$__nvm: must be a number of nodes"
	case $PODIF in
	eth0 | hostname) ;;
	*) is_interface_name "$PODIF" ||
		usage "PODIF=$PODIF: must be an interface name of at most 15 characters, and no keyword of ip" ;;
	esac
}

# Tests whether the kernel and ip accept a name for a new interface. Keep in sync with
# scripts/settings/interface-name.ts.
is_interface_name() { # <name>
	local keyword shortest word
	case $1 in
	'' | *[!A-Za-z0-9_.-]* | ????????????????* | -* | . | .. | all | default | lo) return 1 ;;
	allmulticast | arp | carrier | dev | down | gro_max_size | group | gso_max_segs | gso_max_size | index) return 1 ;;
	link-netns | link-netnsid | mode | mtu | multicast | netns | parentdev | promisc | protodown | qlen) return 1 ;;
	state | trailers | type | up | vf | vrf | xdp | xdpdrv | xdpgeneric | xdpoffload | brd | lladdr | name) return 1 ;;
	esac
	# Keywords that ip accepts abbreviated, as <shortest abbreviation>:<keyword>.
	for keyword in a:address addrg:addrgenmode al:alias b:broadcast d:dynamic h:help l:link link-:link-netnsid m:master \
		n:nomaster nu:numrxqueues nu:numtxqueues tx:txqlen t:txqueuelen ty:type; do
		shortest=${keyword%%:*} word=${keyword#*:}
		case $word in
		"$1"*) case $1 in "$shortest"*) return 1 ;; esac ;;
		esac
	done
}

# Sets $program to the path of a command on PATH.
find_program() { # <name>
	local places
	program=$1
	case $1 in
	*/*) [ -x "$1" ] && return ;;
	esac
	places=$PATH:
	while [ -n "$places" ]; do
		program=${places%%:*}/$1
		places=${places#*:}
		[ -f "$program" ] && [ -x "$program" ] && return
	done
	return 1
}

is_number() {
	case $1 in
	'' | *[!0-9]* | ??????????*) return 1 ;;
	esac
}

# Sets $number to the number without leading zeros, which shells would read as octal.
decimal() { # <number>
	number=$1
	while :; do
		case $number in
		0?*) number=${number#0} ;;
		*) return ;;
		esac
	done
}

# Sets $node from the hostname: 3 for vm-003.
own_node() {
	node_of "$host" || die "the hostname '$host' is not a node name, e.g. vm-001"
}

# Sets $node to the number in a node's or POD's name.
node_of() { # <name>
	node=${1#*vm-}
	node=${node%%-*}
	case $node in
	[0-9][0-9][0-9]) ;;
	*) return 1 ;;
	esac
	decimal "$node"
	node=$number
}

# Sets $count, $first and $last from optional arguments.
numbers() { # [count] [first]
	[ $# -le 2 ] || usage "too many arguments: $*"
	count=${1:-$NPODS}
	first=${2:-1}
	is_number "$count" || usage "count '$count' is not a number"
	is_number "$first" || usage "first '$first' is not a number"
	decimal "$count"
	count=$number
	decimal "$first"
	first=$number
	last=$((first + count - 1))
}

# Like numbers, but within the limits of PODs.
range() { # [count] [first]
	numbers "$@"
	[ "$first" -ge 1 ] || usage "first '$first' must be at least 1"
	[ "$last" -le "$MOST_PODS" ] || usage "PODs $first to $last: a node has at most $MOST_PODS"
}

# Sets $pod to the name of this node's POD. Requires own_node.
pod_name() { # <number>
	pod=$1
	[ "$1" -ge 10 ] || pod=0$1
	case $node in
	?) pod=${NAME_PREFIX-}vm-00$node-ns$pod ;;
	??) pod=${NAME_PREFIX-}vm-0$node-ns$pod ;;
	*) pod=${NAME_PREFIX-}vm-$node-ns$pod ;;
	esac
}

# Sets $net to the template's net for this node's PODs. PODs with a prefix, as in br2-vm-001-ns01, use net 0.
own_net() {
	case ${NAME_PREFIX-} in
	*-*) net=0 ;;
	*) net=$node ;;
	esac
}

# Tests whether this network namespace has an interface. /proc/sys/net shows the namespace of the reading process,
# /sys/class/net that of the process that mounted /sys.
has_device() { [ -e "/proc/sys/net/ipv4/conf/$1" ]; } # <interface>

# Calls a command with each POD's name, with its number in $n.
each_pod() { # <command…>
	n=$first
	while [ "$n" -le "$last" ]; do
		pod_name "$n"
		"$@" "$pod" || return
		n=$((n + 1))
	done
}

# Sets $interface to the name of a POD's interface.
pod_interface() { # <pod>
	interface=$PODIF
	[ "$PODIF" != hostname ] || interface=$1
}

# Refuses arguments.
no_arguments() { # <command> [arguments…]
	[ $# -eq 1 ] || usage "$1: takes no arguments"
}

cmd_for() {
	local n
	numbers "$@"
	n=$first
	while [ "$n" -le "$last" ]; do
		echo "$n"
		n=$((n + 1))
	done
}

cmd_name() {
	numbers "$@"
	own_node
	each_pod echo
}
