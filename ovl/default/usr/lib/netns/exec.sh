# shellcheck shell=sh
# Runs commands in PODs, and in other network namespaces.

need pods

cmd_exec() {
	local pod_exec uts
	[ $# -ge 1 ] || usage "exec: the name of a POD is needed"
	pod_exec=$1
	shift
	[ "${1-}" != -- ] || shift
	# A foreign network namespace has no UTS namespace of its own.
	uts=--uts=$UTSNS/$pod_exec
	if [ -e "$NETNS/$pod_exec" ] && [ ! -e "$UTSNS/$pod_exec" ]; then
		need namespaces
		find_multi
		namespace_kind "$pod_exec"
		[ "$kind" != foreign ] || uts=
	fi
	[ -z "$uts" ] || require_pod "$pod_exec"
	[ $# -ge 1 ] || set -- "${SHELL:-/bin/sh}"
	# A command line given as one word is split at blanks.
	case $#:$1 in
	1:*[[:blank:]]*) find_program "$1" || {
		set -f
		# shellcheck disable=SC2086
		set -- $1
	} ;;
	esac
	if ! find_program "$1"; then
		echo "netns_test: exec: no command '$1'" >&2
		exit 127
	fi
	shift
	find_multi
	# Mounts /sys again, as `ip netns exec` does: the node's shows the node's interfaces. Passes the program's path:
	# busybox would prefer its own applet.
	# shellcheck disable=SC2016,SC2086
	exec $multi nsenter --net="$NETNS/$pod_exec" ${uts:+"$uts"} $multi unshare --mount --propagation slave \
		$multi sh -c 'mount -t sysfs sysfs /sys 2>/dev/null; exec "$@"' sh "$program" "$@"
}
