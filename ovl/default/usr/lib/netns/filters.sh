# shellcheck shell=sh
# Prints sysctls and nftables rulesets that may prevent forwarding or answers, on this node and in some of its PODs.

need pods

# For each namespace prints "node <name>" or "pod <name>", "sysctl <name>=<value>…" and, if nft is installed,
# "ruleset <JSON>".
cmd_filters() { # [pod…]
	for pod; do
		case $pod in
		'' | [.-]* | *[!A-Za-z0-9._-]*) usage "filters: invalid POD name '$pod'" ;;
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

# Reads the sysctls without a process for each. Ignores the errors of nft.
# shellcheck disable=SC2016
FILTERS='
cd /proc/sys/net || exit
line=
for file in ipv4/conf/*/forwarding ipv6/conf/all/forwarding ipv4/icmp_echo_ignore_all ipv6/icmp/echo_ignore_all \
	bridge/bridge-nf-call-iptables bridge/bridge-nf-call-ip6tables; do
	[ -r "$file" ] || continue
	value=
	# A shell reads byte by byte, but the kernel returns a sysctl in the first read only: the newline seems missing.
	read -r value <"$file" || [ -n "$value" ] && line="$line $file=$value"
done
echo "sysctl$line"
[ -n "$1" ] || exit 0
printf "ruleset "
"$1" -j list ruleset 2>/dev/null
echo'
