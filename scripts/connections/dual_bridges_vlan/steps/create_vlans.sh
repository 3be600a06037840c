# shellcheck shell=sh
# create_vlans <if.vlan>...: create VLAN interfaces, e.g. eth2.100

need external

tcase_create_vlans() { # <if.vlan…>
	tcase "Create vlan interfaces [$*]"
	cmd_create_vlans "$@"
}
