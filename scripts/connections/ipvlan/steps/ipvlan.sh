# shellcheck shell=sh
# ipvlan [mode]: connect the PODs to eth1 by ipvlan

need veth bridge direct

tcase_ipvlan() { # [mode]
	tcase "Add ipvlan's to PODs"
	__random=yes
	cmd_add_ipvlan eth1 "$@" && cmd_assign_addresses && cmd_assign_bridge_address ipvlan-eth1
}
