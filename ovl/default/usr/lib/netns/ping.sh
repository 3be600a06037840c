# shellcheck shell=sh
# Pings with retries: routes and neighbors may take time.

need address random

TARGETS=/tmp/netns-targets.$$

# Pings addresses, up to $TRIES times, until all have answered. Reports those that did not, and fails. Removes the file.
ping_all() { # <file with lines "<address> <owner>">
	local try answered address whose
	[ -s "$1" ] || die "nothing to ping"
	try=1
	while :; do
		answered=$(answering "$1")
		while read -r address whose; do
			case " $answered " in
			*" $address "*) echo "$whose $address answers" ;;
			*) echo "$address $whose" >>"$1.silent" ;;
			esac
		done <"$1"
		rm -f "$1"
		[ -e "$1.silent" ] || return 0
		mv "$1.silent" "$1"
		[ "$try" -lt "$TRIES" ] || break
		try=$((try + 1))
		sleep 1
	done
	while read -r address whose; do
		failed "no answer to ping: $whose, address $address"
	done <"$1"
	rm -f "$1"
	return 1
}

# Prints the addresses that answer, on one line.
answering() { # <file>
	local pause targets address
	targets=''
	while read -r address _; do targets="$targets $address"; done <"$1"
	# shellcheck disable=SC2086
	set -- $targets
	if command -v fping >/dev/null; then
		choose_pause "$@"
		fping -a -q -r 0 -t 500 -i "$pause" "$@" 2>/dev/null
	else
		for address; do
			ping -c 1 -W 1 "$address" >/dev/null 2>&1 && echo "$address" &
		done
		wait
	fi | {
		line=
		while read -r address; do line="$line $address"; done
		echo "$line"
	}
}

# Sets $pause to the milliseconds between two packets. Up to 16 are never lost. With more, emulated CPUs forward a
# hundred a second, others a million: the round-trip time to the last address, which is another node's, shows which it
# is.
choose_pause() { # <address…>
	pause=1
	[ $# -gt 16 ] || return 0
	pause=10
	eval "last=\${$#}"
	# shellcheck disable=SC2154
	trip=$(fping -c 3 -p 20 "$last" 2>&1 >/dev/null)
	case $trip in
	*'min/avg/max = 0.0'* | *'min/avg/max = 0.1'*) pause=1 ;;
	esac
}

cmd_ping_all_pods() {
	no_arguments ping_all_pods "$@"
	load_template
	range
	each_node node_targets >"$TARGETS"
	ping_all "$TARGETS"
}

cmd_ping_all_random() {
	no_arguments ping_all_random "$@"
	load_template
	range
	each_node random_targets >"$TARGETS"
	ping_all "$TARGETS"
}

# Calls a command with $node set to each node.
each_node() { # <command>
	node=1
	while [ "$node" -le "$__nvm" ]; do
		"$1" || return
		node=$((node + 1))
	done
}

node_targets() { each_pod structured_target; }
structured_target() { # <pod>
	pod_address "$node" "$n"
	print_target "$1"
}

random_targets() {
	random_address "$node"
	print_target "node $node"
	each_pod random_target
}
random_target() { # <pod>
	random_pod_address "$node" "$n"
	print_target "$1"
}

# Prints "<address> <pod>" for both families.
print_targets() { # <pod>
	own_net
	if [ "${RNDADR-}" = yes ]; then random_pod_address "$node" "$n"; else pod_address "$net" "$n"; fi
	print_target "$1"
}

# Prints "<address> <owner>" for $ipv4 in both families.
print_target() { # <owner>
	local address
	address=$ipv4
	format_ipv4 "$address"
	echo "$text $1"
	format_mapped "$address"
	echo "$text $1"
}
