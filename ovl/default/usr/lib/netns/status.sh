# shellcheck shell=sh
# What is there: PODs, interfaces, addresses and routes, as iproute2 tells them.

# As JSON: { node, interfaces, routes4, routes6, pods: [{ name, interfaces, routes4, routes6 }] }
cmd_status() {
	case $# in
	0) format=text ;;
	*) [ "$1" = --json ] && [ $# -eq 1 ] || usage "status: takes --json and nothing else" && format=json ;;
	esac
	if [ "$format" = text ]; then
		status_text
	else
		status_stream | jq -s '
			[range(0; length; 4) as $i | { name: .[$i], interfaces: .[$i + 1], routes4: .[$i + 2], routes6: .[$i + 3] }]
			| { node: .[0].name, interfaces: .[0].interfaces, routes4: .[0].routes4, routes6: .[0].routes6, pods: .[1:] }'
	fi
}

# Four JSON values for the VM and for each POD: name, interfaces, IPv4 and IPv6 routes.
status_stream() {
	printf '"%s"\n' "$host"
	status_queries | ip -d -j -batch -
	for file in "$NETNS"/*; do
		[ -e "$file" ] || continue
		printf '"%s"\n' "${file##*/}"
		status_queries | nsenter --net="$file" ip -d -j -batch -
	done
}
status_queries() { printf 'address show\nroute show\n-6 route show\n'; }

status_text() {
	echo "$host"
	ip -br address
	for file in "$NETNS"/*; do
		[ -e "$file" ] || continue
		echo "${file##*/}"
		nsenter --net="$file" ip -br address
	done
}
