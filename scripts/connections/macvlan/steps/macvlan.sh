# shellcheck shell=sh
# macvlan [mode]: connect the PODs to eth1 by macvlan

need veth bridge direct

tcase_macvlan() { # [mode]
	tcase "Add macvlan's to PODs"
	__random=yes
	cmd_add_macvlan eth1 "$@" && cmd_assign_addresses && cmd_assign_bridge_address macvlan-eth1
}
