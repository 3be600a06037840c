# shellcheck shell=sh
# xnetns <if>...: external network: move each interface to a namespace

need external

tcase_xnetns() { # <if…>
	tcase "Namespaces outside, for $*"
	cmd_xnetns "$@"
}
