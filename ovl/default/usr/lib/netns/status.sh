# shellcheck shell=sh
# Shows PODs, interfaces, addresses and routes, as reported by iproute2.

need pods namespaces

# JSON: { node, npods, interfaces, routes, pods, foreign: [{ name, interfaces, routes }], stale: [name] }, with the
# routes of all tables and both families. "foreign": network namespaces that are not PODs; "stale": names without a
# namespace.
cmd_status() {
	local facts
	case $#${1-} in
	0) status_text ;;
	1--json)
		facts=$(status_stream) || die "status: cannot read the whole state, see above"
		# With awk: jq takes half a second to start in an emulated VM.
		printf '%s\n' "$facts" | awk -v npods="$NPODS" -f "$library/status-json.awk"
		;;
	*) usage "status: takes --json and nothing else" ;;
	esac
}

# ip shows both families only with "table all".
STATUS_QUERIES='address show
route show table all'

# Prints four lines for the node and for each namespace: its kind, its name escaped for JSON, interfaces and routes as
# JSON. Takes one process each.
status_stream() {
	find_multi
	echo node
	echo "$host"
	ip -d -j -batch - <<-EOF || return
		$STATUS_QUERIES
	EOF
	each_namespace status_of
}

status_of() { # <name> <kind>
	json_text "$1"
	# Not with echo, which may interpret backslashes.
	printf '%s\n' "$2" "$json"
	if [ "$2" = stale ]; then
		printf '[]\n[]\n'
		return
	fi
	# shellcheck disable=SC2086
	$multi nsenter --net="$NETNS/$1" "$real_ip" -d -j -batch - <<-EOF
		$STATUS_QUERIES
	EOF
}

status_text() {
	find_multi
	echo "$host"
	ip -br address
	each_namespace status_text_of
}

status_text_of() { # <name> <kind>
	json_text "$1"
	case $2 in
	pod) printf '%s\n' "$json" ;;
	foreign) printf '%s (a network namespace, not a POD)\n' "$json" ;;
	stale)
		printf '%s (stale: no namespace is mounted on it)\n' "$json"
		return
		;;
	esac
	nsenter --net="$NETNS/$1" "$real_ip" -br address
}
