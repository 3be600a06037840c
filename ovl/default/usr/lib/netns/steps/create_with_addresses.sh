# shellcheck shell=sh
# create_with_addresses: create PODs with veth pairs and addresses

need veth

tcase_create_with_addresses() {
	no_arguments tcase_create_with_addresses "$@"
	title_with_addresses
	cmd_create && veth_with_addresses
}
