# shellcheck shell=sh
# Sourced by hook.sh and xcluster-embedded.

# Runs a command on a node, over a connection that stays. Each connection runs one command at a time: dropbear closes a channel that is
# being opened when the command of another one ends, and its output and exit status are lost. Commands that run at once on one node get
# a connection each; beyond as many as stay, they log in anew.
xctest_ssh() { # <cluster's directory> <node> <command…>
	xctest_directory=$1
	shift
	if [ ! -r "$xctest_directory/ssh_config" ]; then
		echo "rsh: no cluster '${XCLUSTER_NETNS_NAME:-default}' is running that was started by this command" >&2
		return 255
	fi
	if [ ! -e "$xctest_directory/nodes/${1-}" ] || [ -z "${1-}" ]; then
		echo "rsh: the cluster has no node '${1-}'" >&2
		return 255
	fi
	for xctest_slot in 1 2 3 4; do
		# The lock ends with the command, also with a killed one.
		{
			if flock -n 9; then
				ssh -F "$xctest_directory/ssh_config-$xctest_slot" -- "$@" 9>&-
				return
			fi
		} 9>"$xctest_directory/ssh-$1-$xctest_slot.lock"
	done
	ssh -F "$xctest_directory/ssh_config" -- "$@"
}
