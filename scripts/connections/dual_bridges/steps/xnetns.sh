# shellcheck shell=sh
# xnetns <if>...: outside: a namespace for each interface

need external

tcase_xnetns() { # <if…>
	tcase "Namespaces outside, for $*"
	cmd_xnetns "$@"
}
