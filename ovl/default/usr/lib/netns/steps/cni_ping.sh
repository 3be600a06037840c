# shellcheck shell=sh
# cni_ping: ping the addresses that CNI assigned to the PODs

need cni

tcase_cni_ping() {
	no_arguments tcase_cni_ping "$@"
	tcase "Ping the addresses that CNI gave"
	cni_ping
}
