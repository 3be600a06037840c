# shellcheck shell=sh
# attach_eth_to_bridge [interface]: make an interface a port of the bridge, and move its addresses there

need bridge

tcase_attach_eth_to_bridge() { # [interface]
	local eth lines
	eth=${1:-eth1}
	tcase "Attach [$eth] to bridge"
	[ -e "/sys/class/net/$BRIDGE/bridge" ] || die "no bridge $BRIDGE"
	has_device "$eth" || die "no interface $eth"
	lines="link set $eth up master $BRIDGE$NEWLINE"
	move_addresses "$eth" "$BRIDGE"
	ip_batch "$lines" || die "cannot move $eth and its addresses to $BRIDGE, see above"
}

move_addresses() { # <from> <to>
	local kind address
	while read -r _ _ kind address _; do
		case $kind in
		inet | inet6) lines="${lines}address delete $address dev $1${NEWLINE}address replace $address dev $2$NEWLINE" ;;
		esac
	done <<-EOF
		$(ip -o address show dev "$1" scope global)
	EOF
}
