# shellcheck shell=sh
# linux_bridge: create a Linux bridge and connect the PODs to it

need bridge

tcase_linux_bridge() {
	no_arguments tcase_linux_bridge "$@"
	tcase "Create a Linux bridge and connect PODs"
	make_bridge "$BRIDGE"
	fill_bridge "$BRIDGE" "${RNDADR-}"
}
