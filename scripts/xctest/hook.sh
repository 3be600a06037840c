# shellcheck shell=sh
# Sourced last by xcluster's library xctest, where $XCTEST_HOOK names this file: an ovl's own test then runs on the embedded cluster, and a
# failure in it counts, also in what runs on all nodes at once. docs/xcluster.md describes it.

# A real xcluster goes on to say where ovls and archives are; what concerns the cluster is done by the command that stands in for it.
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
rcp() { # <node> <file there> <file here>
	"$XCLUSTER" rcp "$@"
}
tcpdump() { # --start <node> <interface> [arguments…] | --get <node> <interface…>
	"$XCLUSTER" tcpdump "$@"
}

# Ovls, then $XOVLS, on a cluster of the size and topology that the variables say. Nodes answer when it returns.
xcluster_start() { # <ovls…>
	# An option of the test, --nvm=2, is a variable that nobody has exported.
	for xctest_variable in $(set | sed -nE 's/^(__(nvm|nrouters|ntesters|mem[0-9]*|smp[0-9]*|nets[0-9]*|nets_(vm|router))|xcluster_[A-Za-z0-9_]+)=.*/\1/p'); do
		# shellcheck disable=SC2163
		export "$xctest_variable"
	done
	[ -z "${TOPOLOGY-}" ] || export TOPOLOGY
	[ -z "${SETUP-}" ] || export SETUP
	# shellcheck disable=SC2086
	set -- ${BASEOVLS-} "$@" ${XOVLS-}
	tcase "Build and start the cluster [$*]${SETUP:+ SETUP=$SETUP}${TOPOLOGY:+ TOPOLOGY=$TOPOLOGY}"
	# An ovl may say something on stdout, which is the log.
	"$XCLUSTER" mkcdrom "$@" || tdie "the ovls could not be packed"
	"$XCLUSTER" "${start:-starts}" || tdie "the cluster did not start"
	unset SETUP BASEOVLS
}
xcluster_stop() {
	[ "${__no_stop-}" != yes ] || return 0
	tcase 'Stop the cluster'
	"$XCLUSTER" stop || tdie "the cluster could not be stopped"
}

# Nodes that must answer: all of the cluster, or those named.
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

# Steps on one node, one after the other. A step is a name with its arguments, which the node's shell splits.
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
# Steps on several nodes, on each in turn.
xctest_in_turn() { # <first> <last> <steps…>
	xctest_nodes=$("$XCLUSTER" nodes "$1" "$2") && [ -n "$xctest_nodes" ] || tdie "the cluster has no nodes from $1 to $2"
	shift 2
	for xctest_each in $xctest_nodes; do otc "$xctest_each" "$@"; done
}
otcw() { xctest_in_turn "${xcluster_FIRST_WORKER:-1}" 200 "$@"; }
otcr() { xctest_in_turn 201 220 "$@"; }
otct() { xctest_in_turn 221 240 "$@"; }

# Steps on all workers at once; the next step begins when all have done the one before. One that fails anywhere fails the test.
otcwp() { # <steps…>
	xctest_nodes=$("$XCLUSTER" nodes "${xcluster_FIRST_WORKER:-1}" 200) && [ -n "$xctest_nodes" ] || tdie 'the cluster has no workers'
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
		[ -z "$xctest_failed" ] || tdie "$xctest_step: failed on$xctest_failed, exit status in parentheses"
	done
}
