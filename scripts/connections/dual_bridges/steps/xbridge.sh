# shellcheck shell=sh
# xbridge <bridge> <if>: create a bridge with PODs and an external interface

need external

tcase_xbridge() { # <bridge> <ext-if>
	tcase "Xternal bridge; ${1-} iface ${2-}"
	title_with_addresses
	cmd_xbridge "$@"
}
