# shellcheck shell=sh
# ping_all_random: ping all PODs and nodes at their random addresses

need ping

tcase_ping_all_random() {
	no_arguments tcase_ping_all_random "$@"
	tcase "Ping all PODs and nodes by their random addresses"
	cmd_ping_all_random
}
