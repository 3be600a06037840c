# shellcheck shell=sh
# What is there: PODs, interfaces, addresses and routes, as iproute2 tells them.

# As JSON: { node, interfaces, routes4, routes6, pods: [{ name, interfaces, routes4, routes6 }] }
cmd_status() {
	case $#${1-} in
	0) status_text ;;
	1--json)
		status_stream | jq -s '
			[_nwise(4) | { name: .[0], interfaces: .[1], routes4: .[2], routes6: .[3] }]
			| (.[0] | del(.name)) + { node: .[0].name, pods: .[1:] }'
		;;
	*) usage "status: takes --json and nothing else" ;;
	esac
}

# Four JSON values for the VM and for each POD: name, interfaces, IPv4 and IPv6 routes.
status_stream() {
	find_multi
	printf '"%s"\n' "$host"
	status_queries | ip -d -j -batch -
	ip -6 -j route show
	for file in "$NETNS"/*; do
		[ -e "$file" ] || continue
		printf '"%s"\n' "${file##*/}"
		# shellcheck disable=SC2086
		status_queries | $multi nsenter --net="$file" "$real_ip" -d -j -batch -
		# shellcheck disable=SC2086
		$multi nsenter --net="$file" "$real_ip" -6 -j route show
	done
}
# A batch can have no family of its own in a line.
status_queries() { printf 'address show\nroute show\n'; }

status_text() {
	echo "$host"
	ip -br address
	for file in "$NETNS"/*; do
		[ -e "$file" ] || continue
		echo "${file##*/}"
		nsenter --net="$file" "$real_ip" -br address
	done
}
