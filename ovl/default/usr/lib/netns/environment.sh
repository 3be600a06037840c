# shellcheck shell=sh
# Variables of the run, and the numbers and names that come of them.
#
# Here and in the other parts a function returns text in the variables that its comment names ("Sets $x"): a command substitution
# forks the shell, which takes an emulated VM 4 ms, a variable 0.1 ms.

MOST_PODS=254
# How often, a second apart, what may need time is tried.
TRIES=10

# Defaults for what neither /etc/profile nor the caller sets, and checks.
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

# Whether the kernel and ip take a name for an interface that is created: the same as in scripts/settings/interface-name.ts.
is_interface_name() { # <name>
	local keyword shortest word
	case $1 in
	'' | *[!A-Za-z0-9_.-]* | ????????????????* | -* | . | .. | all | default | lo) return 1 ;;
	allmulticast | arp | carrier | dev | down | gro_max_size | group | gso_max_segs | gso_max_size | index) return 1 ;;
	link-netns | link-netnsid | mode | mtu | multicast | netns | parentdev | promisc | protodown | qlen | state) return 1 ;;
	trailers | type | up | vf | vrf | xdp | xdpdrv | xdpgeneric | xdpoffload | brd | lladdr | name) return 1 ;;
	esac
	# Keywords that may be cut off, down to what is in front.
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

# Sets $number to the same number without leading zeros: shells take it for octal with them.
decimal() { # <number>
	number=$1
	while :; do
		case $number in
		0?*) number=${number#0} ;;
		*) return ;;
		esac
	done
}

# Sets $node from the hostname: vm-003 is 3.
own_node() {
	node_of "$host" || die "the hostname '$host' is not that of a node, as in vm-001"
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

# Sets $count, $first and $last from the optional arguments that many commands have.
numbers() { # [count] [first]
	[ $# -le 2 ] || usage "too many arguments: $*"
	count=${1:-$NPODS}
	first=${2:-1}
	is_number "$count" || usage "count '$count' is no number"
	is_number "$first" || usage "first '$first' is no number"
	decimal "$count"
	count=$number
	decimal "$first"
	first=$number
	last=$((first + count - 1))
}

# The same for PODs that there can be.
range() { # [count] [first]
	numbers "$@"
	[ "$first" -ge 1 ] || usage "first '$first' is no number from 1"
	[ "$last" -le "$MOST_PODS" ] || usage "PODs $first to $last: a node has at most $MOST_PODS"
}

# Sets $pod to the name of this node's POD: own_node comes before.
pod_name() { # <number>
	pod=$1
	[ "$1" -ge 10 ] || pod=0$1
	case $node in
	?) pod=${NAME_PREFIX-}vm-00$node-ns$pod ;;
	??) pod=${NAME_PREFIX-}vm-0$node-ns$pod ;;
	*) pod=${NAME_PREFIX-}vm-$node-ns$pod ;;
	esac
}

# Sets $net to the template's net for this node's PODs. PODs with a prefix of their own, as in br2-vm-001-ns01, are not on the
# node's own network: they are on net 0.
own_net() {
	case ${NAME_PREFIX-} in
	*-*) net=0 ;;
	*) net=$node ;;
	esac
}

# Whether this network namespace has an interface: /proc/sys/net shows the namespace of whoever looks, /sys/class/net that of whoever
# mounted it.
has_device() { [ -e "/proc/sys/net/ipv4/conf/$1" ]; } # <interface>

# Calls a command with each POD's name; $n is its number.
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

# For commands that take none.
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
