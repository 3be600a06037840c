# shellcheck shell=sh
# Sourced by hook.sh and xcluster-embedded.

# Runs a command on a node over a persistent connection. Each connection runs one command at a time: when a command ends
# while dropbear opens a channel for another one, it closes that channel, whose output and exit status are lost.
# Concurrent commands on a node use separate connections; when all are busy, they log in again.
xctest_ssh() { # <cluster's directory> <node> <command…>
	xctest_directory=$1
	shift
	if [ ! -r "$xctest_directory/ssh_config" ]; then
		echo "rsh: no running cluster '${XCLUSTER_NETNS_NAME:-default}' was started by this command" >&2
		return 255
	fi
	if [ ! -e "$xctest_directory/nodes/${1-}" ] || [ -z "${1-}" ]; then
		echo "rsh: the cluster has no node '${1-}'" >&2
		return 255
	fi
	for xctest_slot in 1 2 3 4; do
		# The lock is released when the command ends, even when it is killed.
		{
			if flock -n 9; then
				ssh -F "$xctest_directory/ssh_config-$xctest_slot" -- "$@" 9>&-
				return
			fi
		} 9>"$xctest_directory/ssh-$1-$xctest_slot.lock"
	done
	ssh -F "$xctest_directory/ssh_config" -- "$@"
}
