# shellcheck shell=sh
# cni_ptp_ping: ping the addresses that ptp assigned to the PODs

need cni

tcase_cni_ptp_ping() {
	no_arguments tcase_cni_ptp_ping "$@"
	tcase "Ping the addresses that ptp gave"
	cni_ping
}
