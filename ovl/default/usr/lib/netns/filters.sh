# shellcheck shell=sh
# What may keep packets from being forwarded or answered, in this VM and in some of its PODs: sysctls and the nftables ruleset.

need pods

# For each namespace a line "node <name>" or "pod <name>", then lines "sysctl <name>=<value>…" and, where there is nft, "ruleset <JSON>".
cmd_filters() { # [pod…]
	for pod; do
		case $pod in
		'' | [.-]* | *[!A-Za-z0-9._-]*) usage "filters: invalid name of a POD '$pod'" ;;
		esac
	done
	find_multi
	find_program nft || program=
	echo "node $host"
	sh -c "$FILTERS" sh "$program"
	for pod; do
		[ -e "$NETNS/$pod" ] || continue
		echo "pod $pod"
		# shellcheck disable=SC2086
		$multi nsenter --net="$NETNS/$pod" $multi sh -c "$FILTERS" sh "$program"
	done
}

# The sysctls are read without a process for each. What nft complains of is nobody's concern here.
# shellcheck disable=SC2016
FILTERS='
cd /proc/sys/net || exit
line=
for file in ipv4/conf/*/forwarding ipv6/conf/all/forwarding ipv4/icmp_echo_ignore_all ipv6/icmp/echo_ignore_all \
	bridge/bridge-nf-call-iptables bridge/bridge-nf-call-ip6tables; do
	[ -r "$file" ] || continue
	value=
	# A shell reads byte by byte, and the kernel gives a sysctl to the first read alone: the line seems to have no end.
	read -r value <"$file" || [ -n "$value" ] && line="$line $file=$value"
done
echo "sysctl$line"
[ -n "$1" ] || exit 0
printf "ruleset "
"$1" -j list ruleset 2>/dev/null
echo'
