# shellcheck shell=sh
# Variables of the run, and the numbers and names that come of them.

MOST_PODS=254
# How often, a second apart, what may need time is tried.
TRIES=10

# /etc/xcluster_env holds lines "export NAME='value'"; what is in the environment already wins.
load_environment() {
	if [ -r /etc/xcluster_env ]; then
		while IFS= read -r line; do
			variable=${line#export }
			variable=${variable%%=*}
			case $variable in
			'' | *[!A-Za-z0-9_]*) continue ;;
			esac
			eval "[ -n \"\${$variable+set}\" ]" || eval "$line"
		done </etc/xcluster_env
	fi
	: "${NPODS:=4}" "${ADRTEMPLATE:=172.16.0.0/16/24}" "${PODIF:=eth0}" "${PREFIX:=1000::1}" "${__nvm:=4}"
	is_number "$NPODS" && [ "$NPODS" -ge 1 ] && [ "$NPODS" -le "$MOST_PODS" ] ||
		usage "NPODS=$NPODS: must be a number from 1 to $MOST_PODS"
	is_number "$__nvm" && [ "$__nvm" -ge 1 ] || usage "__nvm=$__nvm: must be a number of nodes"
	case $PODIF in
	*[!A-Za-z0-9_.-]* | ????????????????*) usage "PODIF=$PODIF: must be an interface name of at most 15 characters" ;;
	esac
}

# Sets $program to the path of a command on PATH.
find_program() { # <name>
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
	# A leading zero would make it octal.
	node=${node#0}
	node=${node#0}
}

# Sets $count and $first from the optional arguments that many commands have.
range() { # [count] [first]
	[ $# -le 2 ] || usage "too many arguments: $*"
	count=${1:-$NPODS}
	first=${2:-1}
	is_number "$count" || usage "count '$count' is no number"
	is_number "$first" && [ "$first" -ge 1 ] || usage "first '$first' is no number from 1"
	last=$((first + count - 1))
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
	range "$@"
	n=$first
	while [ "$n" -le "$last" ]; do
		echo "$n"
		n=$((n + 1))
	done
}

cmd_name() {
	range "$@"
	own_node
	each_pod echo
}
