# shellcheck shell=sh
# setup_overlay [--net=1] [--type=ip6tnl|vxlan]: add routes to the PODs of the other nodes through tunnels

need routes

tcase_setup_overlay() { # [options…]
	tcase "Setup network overlay and routing"
	cmd_setup_overlay "$@"
}
