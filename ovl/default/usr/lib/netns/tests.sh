# shellcheck shell=sh
# The steps of tests: each says what it does on stderr, and why it failed; details go to stdout.

need pods

run_tcase() { # <name> [arguments…]
	in_tcase=$1
	shift
	command -v "tcase_$in_tcase" >/dev/null || usage "unknown test case '$in_tcase'"
	load_environment
	find_multi
	"tcase_$in_tcase" "$@"
}

tcase_version() { # [kind…]
	tcase "Versions"
	uname -a
	ip -V
	echo "nodes $__nvm, PODs a node $NPODS, template $ADRTEMPLATE, prefix $PREFIX"
	cmd_prerequisites "$@"
}

tcase_create() {
	no_arguments tcase_create "$@"
	tcase "Create PODs"
	cmd_create
}

tcase_create_with_addresses() {
	need veth
	no_arguments tcase_create_with_addresses "$@"
	tcase_with_addresses
	cmd_create && veth_with_addresses
}

tcase_with_addresses() {
	case ${RNDADR-} in
	yes) tcase "Create PODs and assign random addresses" ;;
	*) tcase "Create PODs and assign addresses" ;;
	esac
}

tcase_linux_bridge() {
	need bridge
	no_arguments tcase_linux_bridge "$@"
	tcase "Create a Linux bridge and connect PODs"
	make_bridge "$BRIDGE"
	fill_bridge "$BRIDGE" "${RNDADR-}"
}

tcase_bridge_ping() {
	need ping
	no_arguments tcase_bridge_ping "$@"
	tcase "Ping PODs on the bridge"
	own_node
	load_template
	range
	each_pod print_targets >"$TARGETS"
	ping_all "$TARGETS"
}

tcase_forward() {
	no_arguments tcase_forward "$@"
	tcase "Forward packets"
	echo 1 >/proc/sys/net/ipv4/ip_forward && echo 1 >/proc/sys/net/ipv6/conf/all/forwarding &&
		echo 1 >/proc/sys/net/ipv4/fib_multipath_hash_policy
}

tcase_default_route() {
	need bridge routes
	no_arguments tcase_default_route "$@"
	tcase "Setup default routes in PODs"
	__bridge=$BRIDGE
	cmd_set_default_route
}

tcase_setup_routes() { # [options…]
	need routes
	tcase "Routes to the other nodes' PODs"
	cmd_setup_routes "$@"
}

tcase_setup_overlay() { # [options…]
	need routes
	tcase "Setup network overlay and routing"
	cmd_setup_overlay "$@"
}

tcase_attach_eth_to_bridge() { # [interface]
	need bridge
	eth=${1:-eth1}
	tcase "Attach [$eth] to bridge"
	[ -e "/sys/class/net/$BRIDGE/bridge" ] || die "no bridge $BRIDGE"
	has_device "$eth" || die "no interface $eth"
	lines="link set $eth up master $BRIDGE$NEWLINE"
	move_addresses "$eth" "$BRIDGE"
	ip_batch "$lines" || die "$BRIDGE does not take $eth and its addresses, see above"
}

# A port of a bridge hears nothing for itself: its addresses belong to the bridge.
move_addresses() { # <from> <to>
	while read -r _ _ kind address _; do
		case $kind in
		inet | inet6) lines="${lines}address delete $address dev $1${NEWLINE}address replace $address dev $2$NEWLINE" ;;
		esac
	done <<-EOF
		$(ip -o address show dev "$1" scope global)
	EOF
}

tcase_ipvlan() { # [mode]
	need veth bridge direct
	tcase "Add ipvlan's to PODs"
	__random=yes
	cmd_add_ipvlan eth1 "$@" && cmd_assign_addresses && cmd_assign_bridge_address ipvlan-eth1
}

tcase_macvlan() { # [mode]
	need veth bridge direct
	tcase "Add macvlan's to PODs"
	__random=yes
	cmd_add_macvlan eth1 "$@" && cmd_assign_addresses && cmd_assign_bridge_address macvlan-eth1
}

tcase_ping_all_pods() {
	need ping
	no_arguments tcase_ping_all_pods "$@"
	tcase "Ping all PODs of all nodes"
	cmd_ping_all_pods
}

tcase_ping_all_random() {
	need ping
	no_arguments tcase_ping_all_random "$@"
	tcase "Ping all PODs and nodes by their random addresses"
	cmd_ping_all_random
}

tcase_create_vlans() { # <if.vlan…>
	need external
	tcase "Create vlan interfaces [$*]"
	cmd_create_vlans "$@"
}

tcase_xnetns() { # <if…>
	need external
	tcase "Namespaces outside, for $*"
	cmd_xnetns "$@"
}

tcase_xbridge() { # <bridge> <ext-if>
	need external
	tcase "Xternal bridge; ${1-} iface ${2-}"
	tcase_with_addresses
	cmd_xbridge "$@"
}

tcase_xbridge_ping() { # <bridge>
	need external
	tcase "Ping from the PODs of ${1-}, each other and the outside"
	cmd_xbridge_ping "$@"
}

tcase_cni_bridge_configure() {
	need cni
	no_arguments tcase_cni_bridge_configure "$@"
	tcase "Setup CNI-bridge."
	cmd_cni_bridge_configure
}

tcase_cni_bridge_start() {
	need cni
	no_arguments tcase_cni_bridge_start "$@"
	tcase "Start PODs with CNI-bridge"
	cmd_cni_bridge_start
}

tcase_cni_bridge_ping() {
	need ping cni
	no_arguments tcase_cni_bridge_ping "$@"
	tcase "Ping the addresses that CNI gave"
	own_node
	range
	cni_targets "$TARGETS"
	ping_all "$TARGETS"
}

# What the commands need, and kinds of interface beyond that.
cmd_prerequisites() { # [kind…]
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
	[ -z "$lacking" ] || die "prerequisites: this VM lacks$lacking"
}

# Whether the kernel has a kind of interface, by making one: a module may be anywhere, or built in.
probe_kind() { # <kind>
	probe=netns-probe
	case $1 in
	bridge) how= ;;
	veth) how="name $probe-1 type veth peer name $probe-2" ;;
	ipvlan | macvlan) how="link $probe name $probe-1 type $1" ;;
	vlan) how="link $probe name $probe-1 type vlan id 1" ;;
	vxlan) how="name $probe-1 type vxlan id 1 dstport 4799" ;;
	ip6tnl) how="name $probe-1 type ip6tnl local 2001:db8::1 remote 2001:db8::2" ;;
	*) usage "prerequisites: unknown kind of interface '$1' (there is: bridge veth ipvlan macvlan vlan vxlan ip6tnl)" ;;
	esac
	printf 'link add %s type bridge\n%s\n' "$probe" "${how:+link add $how}" | ip -batch - 2>/dev/null
	made=$?
	printf 'link delete %s-1\nlink delete %s\n' "$probe" "$probe" | ip -force -batch - 2>/dev/null
	return "$made"
}
