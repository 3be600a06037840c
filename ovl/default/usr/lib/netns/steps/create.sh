# shellcheck shell=sh
# create: create PODs

need pods

tcase_create() {
	no_arguments tcase_create "$@"
	tcase "Create PODs"
	cmd_create
}
