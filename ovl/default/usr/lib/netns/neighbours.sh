# shellcheck shell=sh
# Static neighbor entries in PODs.

need pods

# Reads lines "<pod> <interface> <address> <mac>" and adds static neighbor entries to the PODs, which select one of
# several interfaces with the same address. With --delete it deletes them.
cmd_static_neighbours() { # [--delete]
	local owner verb pod batch status interface address mac
	case $#${1-} in
	0) verb=replace ;;
	1--delete) verb=delete ;;
	*) usage "static_neighbours: takes --delete and nothing else" ;;
	esac
	find_multi
	pod='' batch='' status=0
	while read -r owner interface address mac; do
		[ "$owner" = "$pod" ] || neighbor_batch
		pod=$owner
		[ "$verb" = delete ] || address="$address lladdr $mac nud permanent"
		batch="${batch}neighbour $verb $address dev $interface
"
	done
	neighbor_batch
	[ "$status" -eq 0 ] || die "static_neighbours: cannot add some entries, see above"
}

# Runs one process for each POD. Entries to delete may already be gone with their interface.
neighbor_batch() {
	[ -n "$batch" ] || return 0
	require_pod "$pod"
	# shellcheck disable=SC2086
	if [ "$verb" = delete ]; then
		printf %s "$batch" | $multi nsenter --net="$NETNS/$pod" "$real_ip" -force -batch - 2>/dev/null || :
	else
		printf %s "$batch" | $multi nsenter --net="$NETNS/$pod" "$real_ip" -batch - || status=1
	fi
	batch=''
}
