# shellcheck shell=sh
# default_route: add default routes to the PODs, via the bridge

need bridge routes

tcase_default_route() {
	no_arguments tcase_default_route "$@"
	tcase "Setup default routes in PODs"
	__bridge=$BRIDGE
	cmd_set_default_route
}
