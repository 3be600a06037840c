# shellcheck shell=sh
# create_vlans <if.vlan>...: create VLANs of interfaces, as in eth2.100

need external

tcase_create_vlans() { # <if.vlan…>
	tcase "Create vlan interfaces [$*]"
	cmd_create_vlans "$@"
}
