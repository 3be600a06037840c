# shellcheck shell=sh
# bridge_ping: ping the PODs on the bridge

need ping pods

tcase_bridge_ping() {
	no_arguments tcase_bridge_ping "$@"
	tcase "Ping PODs on the bridge"
	own_node
	load_template
	range
	each_pod print_targets >"$TARGETS"
	ping_all "$TARGETS"
}
