# shellcheck shell=sh
# cni_bridge_ping: ping the addresses that CNI assigned to the PODs

need cni

tcase_cni_bridge_ping() {
	no_arguments tcase_cni_bridge_ping "$@"
	tcase "Ping the addresses that CNI gave"
	cni_ping
}
