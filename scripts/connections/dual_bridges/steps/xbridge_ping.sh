# shellcheck shell=sh
# xbridge_ping <bridge>: ping from its PODs, each other and the outside

need external

tcase_xbridge_ping() { # <bridge>
	tcase "Ping from the PODs of ${1-}, each other and the outside"
	cmd_xbridge_ping "$@"
}
