# shellcheck shell=sh
# xbridge <bridge> <if>: a bridge with PODs of its own and a way out

need external

tcase_xbridge() { # <bridge> <ext-if>
	tcase "Xternal bridge; ${1-} iface ${2-}"
	title_with_addresses
	cmd_xbridge "$@"
}
