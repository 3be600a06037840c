# shellcheck shell=sh
# What is there: PODs, interfaces, addresses and routes, as iproute2 tells them.

need pods namespaces

# As JSON: { node, npods, interfaces, routes, pods, foreign: [{ name, interfaces, routes }], stale: [name] }, routes of all tables and both
# families. "foreign" are network namespaces that are not PODs, "stale" names on which no namespace is mounted.
cmd_status() {
	local facts
	case $#${1-} in
	0) status_text ;;
	1--json)
		facts=$(status_stream) || die "status: not everything could be looked at, see above"
		# Put together by awk: jq takes half a second to start in an emulated VM.
		printf '%s\n' "$facts" | awk -v npods="$NPODS" -f "$library/status-json.awk"
		;;
	*) usage "status: takes --json and nothing else" ;;
	esac
}

# Only "all" tables hold both families.
STATUS_QUERIES='address show
route show table all'

# Four lines for the VM and for each namespace: what it is, its name in JSON, interfaces and routes, these as JSON. All of it by one
# process each.
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
	# Not by echo, for which a backslash is not always itself.
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
