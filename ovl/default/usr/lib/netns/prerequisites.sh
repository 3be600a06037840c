# shellcheck shell=sh
# Checks that this node has what the commands need: programs, kernel features, kinds of interface.
cmd_prerequisites() { # [kind…]
	local feature lacking program kind
	lacking=
	for program in awk ip mount umount nsenter unshare ping timeout; do
		command -v "$program" >/dev/null || lacking="$lacking $program"
	done
	for feature in /proc/self/ns/net /proc/self/ns/uts /proc/sys/net/ipv6/conf/default/addr_gen_mode; do
		[ -e "$feature" ] || lacking="$lacking $feature"
	done
	for kind in veth bridge "$@"; do
		probe_kind "$kind" || lacking="$lacking interfaces:$kind"
	done
	[ -z "$lacking" ] || die "prerequisites: this node lacks$lacking"
}

# Tests whether the kernel supports a kind of interface, by creating one: its module may be anywhere, or built in.
probe_kind() { # <kind>
	local probe how made
	probe=netns-probe
	case $1 in
	bridge) how= ;;
	veth) how="name $probe-1 type veth peer name $probe-2" ;;
	ipvlan | macvlan) how="link $probe name $probe-1 type $1" ;;
	vlan) how="link $probe name $probe-1 type vlan id 1" ;;
	vxlan) how="name $probe-1 type vxlan id 1 dstport 4799" ;;
	vrf) how="name $probe-1 type vrf table 4799" ;;
	ip6tnl) how="name $probe-1 type ip6tnl local 2001:db8::1 remote 2001:db8::2" ;;
	*) usage "prerequisites: unknown kind of interface '$1' (known: bridge veth ipvlan macvlan vlan vrf vxlan ip6tnl)" ;;
	esac
	printf 'link add %s type bridge\n%s\n' "$probe" "${how:+link add $how}" | ip -batch - 2>/dev/null
	made=$?
	printf 'link delete %s-1\nlink delete %s\n' "$probe" "$probe" | ip -force -batch - 2>/dev/null
	return "$made"
}
