# shellcheck shell=sh
# xbridge_ping <bridge>: ping from each of its PODs the others and the external network

need external

tcase_xbridge_ping() { # <bridge>
	tcase "Ping from the PODs of ${1-}, each other and the outside"
	cmd_xbridge_ping "$@"
}
