# shellcheck shell=sh
# Creates a sandbox on a node: see sandbox.ts. Prints the number of the process that keeps it.
# A sandbox that is not removed ends after a time limit.
seconds=900

interfaces=$(ip -brief address show | awk '$1 ~ /^eth[0-9]+(@|$)/ {
	sub(/@.*/, "", $1)
	address = $3 ~ /\./ ? $3 : $4 ~ /\./ ? $4 : "-"
	print $1, address
}')

inside=$(
	cat <<-'EOF'
		set -e
		mkdir -p /var/lib/cni
		for directory in /run /var/lib/cni /tmp; do mount -t tmpfs tmpfs "$directory"; done
		mkdir /run/netns /run/cni
		mount -t sysfs sysfs /sys 2>/dev/null || :
		# Addresses in here are not in use elsewhere: nothing waits for their detection.
		echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad
		ip netns add outside
		ip netns exec outside sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
		lines="link set lo up"
		outside="link set lo up"
		echo "$1" | {
			while read -r name address; do
				[ -n "$name" ] || continue
				lines="$lines
		link add $name type veth peer name $name netns outside
		link set $name up"
				outside="$outside
		link set $name up"
				[ "$address" != - ] || continue
				lines="$lines
		address add $address dev $name"
				outside="$outside
		address add ${address%.*}.254/${address#*/} dev $name"
			done
			echo "$lines" | ip -batch -
			echo "$outside" | ip -netns outside -batch -
		}
		echo $$
		exec sleep "$2" >/dev/null 2>&1 </dev/null
	EOF
)
# The substitution ends when the process closes its output: it is ready then.
pid=$(setsid unshare --net --mount --propagation private sh -c "$inside" sh "$interfaces" "$seconds" &)
[ -n "$pid" ] && echo "$pid"
