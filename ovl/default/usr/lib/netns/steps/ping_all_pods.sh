# shellcheck shell=sh
# ping_all_pods: ping the PODs of all nodes

need ping

tcase_ping_all_pods() {
	no_arguments tcase_ping_all_pods "$@"
	tcase "Ping all PODs of all nodes"
	cmd_ping_all_pods
}
