# shellcheck shell=sh
# setup_routes [--net=1]: add routes to the PODs of the other nodes

need routes

tcase_setup_routes() { # [options…]
	tcase "Routes to the other nodes' PODs"
	cmd_setup_routes "$@"
}
