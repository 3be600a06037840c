# shellcheck shell=sh
# cni_ptp_start: call the plugin ptp for every POD, with results in /tmp/<pod>.json

need cni

tcase_cni_ptp_start() {
	no_arguments tcase_cni_ptp_start "$@"
	tcase "Connect PODs by the CNI plugin ptp"
	cni_start ptp
}
