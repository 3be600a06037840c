# shellcheck shell=sh
# Sourced by xcluster's library xctest through $XCTEST_HOOK: runs an ovl's own test on the embedded cluster, and detects
# every failure, also in steps that run on all nodes at once. See docs/xcluster.md.

# A real xcluster still locates ovls and archives; the replacement runs the cluster.
xctest_here=$(dirname "$(readlink -f "${XCTEST_HOOK:-$XCLUSTER}")")
if [ "$(basename "${XCLUSTER-}")" != xcluster-embedded ]; then
	XCTEST_XCLUSTER=${XCLUSTER-}
	export XCTEST_XCLUSTER
fi
XCLUSTER=$xctest_here/xcluster-embedded
export XCLUSTER
case ${XDG_STATE_HOME-} in
/*) xctest_cluster=$XDG_STATE_HOME ;;
*) xctest_cluster=$HOME/.local/state ;;
esac
xctest_cluster=$xctest_cluster/xcluster-netns/xctest/${XCLUSTER_NETNS_NAME:-default}/cluster

# shellcheck source-path=SCRIPTDIR source=rsh.sh
. "$xctest_here/rsh.sh"
rsh() { # <node> <command…>
	xctest_ssh "$xctest_cluster" "$@"
}
rcp() { # <node> <remote file> <local file>
	"$XCLUSTER" rcp "$@"
}
tcpdump() { # --start <node> <interface> [arguments…] | --get <node> <interface…>
	"$XCLUSTER" tcpdump "$@"
}

# Starts a cluster with $BASEOVLS, the ovls and $XOVLS, of the size and topology in the variables. Returns when the
# nodes are up.
xcluster_start() { # <ovls…>
	# Options of the test, such as --nvm=2, are variables that are not exported.
	for xctest_variable in $(set | sed -nE 's/^(__(nvm|nrouters|ntesters|mem[0-9]*|smp[0-9]*|nets[0-9]*|nets_(vm|router))|xcluster_[A-Za-z0-9_]+)=.*/\1/p'); do
		# shellcheck disable=SC2163
		export "$xctest_variable"
	done
	[ -z "${TOPOLOGY-}" ] || export TOPOLOGY
	[ -z "${SETUP-}" ] || export SETUP
	# shellcheck disable=SC2086
	set -- ${BASEOVLS-} "$@" ${XOVLS-}
	tcase "Build and start the cluster [$*]${SETUP:+ SETUP=$SETUP}${TOPOLOGY:+ TOPOLOGY=$TOPOLOGY}"
	# The stdout of ovls goes to the log.
	"$XCLUSTER" mkcdrom "$@" || tdie "cannot pack the ovls"
	"$XCLUSTER" "${start:-starts}" || tdie "cannot start the cluster"
	unset SETUP BASEOVLS
}
xcluster_stop() {
	[ "${__no_stop-}" != yes ] || return 0
	tcase 'Stop the cluster'
	"$XCLUSTER" stop || tdie "cannot stop the cluster"
}

# Checks that the given nodes, or all nodes, respond.
check_vm() { # [nodes…]
	# shellcheck disable=SC2046
	[ $# -gt 0 ] || set -- $("$XCLUSTER" nodes 1 240)
	[ $# -gt 0 ] || return 1
	for xctest_node; do
		rsh "$xctest_node" hostname || return 1
	done
}

xctest_program() {
	# shellcheck disable=SC2154
	echo "${otcprog:-$(basename "$dir")_test}"
}

# Runs steps on one node, in order. A step is a name with arguments, which the node's shell splits.
otc() { # <node> <steps…>
	xctest_node=$1
	shift
	for xctest_step; do
		rsh "$xctest_node" "$(xctest_program) tcase_$xctest_step" </dev/null || {
			xctest_status=$?
			tdie "$(printf 'vm-%03d' "$xctest_node"): $xctest_step: exit status $xctest_status"
		}
	done
}
# Runs steps on several nodes, one node after the other.
xctest_in_turn() { # <first> <last> <steps…>
	xctest_nodes=$("$XCLUSTER" nodes "$1" "$2") && [ -n "$xctest_nodes" ] || tdie "the cluster has no nodes from $1 to $2"
	shift 2
	for xctest_each in $xctest_nodes; do otc "$xctest_each" "$@"; done
}
otcw() { xctest_in_turn "${xcluster_FIRST_WORKER:-1}" 200 "$@"; }
otcr() { xctest_in_turn 201 220 "$@"; }
otct() { xctest_in_turn 221 240 "$@"; }

# Runs each step on all workers at once, and waits for all of them before the next one. A failure on any node fails the
# test.
otcwp() { # <steps…>
	xctest_nodes=$("$XCLUSTER" nodes "${xcluster_FIRST_WORKER:-1}" 200) && [ -n "$xctest_nodes" ] ||
		tdie 'the cluster has no workers'
	for xctest_step; do
		xctest_running=
		for xctest_node in $xctest_nodes; do
			rsh "$xctest_node" "$(xctest_program) tcase_$xctest_step" </dev/null &
			xctest_running="$xctest_running $!:$xctest_node"
		done
		xctest_failed=
		for xctest_node in $xctest_running; do
			wait "${xctest_node%%:*}" || {
				xctest_status=$?
				xctest_failed="$xctest_failed $(printf 'vm-%03d' "${xctest_node#*:}") ($xctest_status)"
			}
		done
		[ -z "$xctest_failed" ] || tdie "$xctest_step: failed on$xctest_failed (exit status in parentheses)"
	done
}
