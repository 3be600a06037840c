# shellcheck shell=sh
# cni_bridge_start: call the plugin bridge for every POD, with results in /tmp/<pod>.json

need cni

cmd_cni_bridge_start() {
	no_arguments cni_bridge_start "$@"
	cni_start bridge
}

tcase_cni_bridge_start() {
	tcase "Start PODs with CNI-bridge"
	cmd_cni_bridge_start "$@"
}
