# shellcheck shell=sh
# A POD is a net and a UTS namespace, each kept by a bind mount: /var/run/netns/<pod>, /var/run/utsns/<pod>.

NETNS=/var/run/netns
UTSNS=/var/run/utsns

# Sets $multi to busybox's path when it has what enters namespaces: static, it starts ten times as fast as util-linux.
find_multi() {
	multi=
	for candidate in /bin/busybox /usr/bin/busybox; do
		[ -x "$candidate" ] && "$candidate" nsenter --help >/dev/null 2>&1 && "$candidate" unshare --help >/dev/null 2>&1 || continue
		multi=$candidate
		return
	done
}

# Runs a script in a POD's namespaces, with as few processes as it takes: in it, `ip` may be busybox's.
in_pod() { # <pod> <script> [arguments…]
	pod_in=$1
	shift
	# shellcheck disable=SC2086
	$multi nsenter --net="$NETNS/$pod_in" --uts="$UTSNS/$pod_in" $multi sh -c "$@"
}

is_mounted() { # <file>
	while read -r _ _ _ _ mount_point _; do
		[ "$mount_point" != "$1" ] || return 0
	done </proc/self/mountinfo
	return 1
}

# /var/run may be a link to /run, and mountinfo says where things really are.
real_run() { # sets $netns_real and $utsns_real
	netns_real=$(cd "$NETNS" && pwd -P) && utsns_real=$(cd "$UTSNS" && pwd -P)
}

require_pod() { # <pod>
	[ -e "$NETNS/$1" ] && [ -e "$UTSNS/$1" ] || die "no POD '$1' (netns_test create makes them)"
}

cmd_create() {
	range "$@"
	own_node
	mkdir -p "$NETNS" "$UTSNS" || die "cannot make $NETNS and $UTSNS"
	real_run
	find_multi
	status=0
	each_pod create_pod || status=1
	return "$status"
}

# New interfaces take these over: no duplicate address detection (a wait of a second), no router advertisements, and no link-local
# addresses (addr_gen_mode 1). Written where it runs: /proc/sys/net shows the namespace of whoever looks.
DEFAULTS=/proc/sys/net/ipv6/conf/default
# shellcheck disable=SC2016
SET_DEFAULTS='cd /proc/sys/net/ipv6/conf/default && echo 0 >accept_dad && echo 0 >accept_ra && echo 1 >addr_gen_mode'

create_pod() { # <pod>
	has_net=no has_uts=no
	is_mounted "$netns_real/$1" && has_net=yes
	is_mounted "$utsns_real/$1" && has_uts=yes
	case $has_net$has_uts in
	yesyes) return 0 ;;
	yesno) set -- "$1" --uts="$UTSNS/$1" ;;
	noyes) set -- "$1" --net="$NETNS/$1" ;;
	nono) set -- "$1" --net="$NETNS/$1" --uts="$UTSNS/$1" ;;
	esac
	pod_new=$1
	shift
	: >>"$NETNS/$pod_new" && : >>"$UTSNS/$pod_new" || die "create: cannot write in $NETNS and $UTSNS"
	# shellcheck disable=SC2086,SC2016
	$multi unshare "$@" $multi sh -c 'true' || {
		remove_pod "$pod_new"
		failed "create: the namespaces of $pod_new cannot be made"
		return 1
	}
	# shellcheck disable=SC2016
	in_pod "$pod_new" "$SET_DEFAULTS"' && echo "$1" >/proc/sys/kernel/hostname && ip link set lo up' sh "$pod_new" || {
		failed "create: $pod_new cannot be set up"
		return 1
	}
}

cmd_delete() {
	range "$@"
	own_node
	each_pod remove_pod
}

# What is in a namespace goes with it; of a veth pair the end in the VM too.
remove_pod() { # <pod>
	for file in "$NETNS/$1" "$UTSNS/$1"; do
		[ -e "$file" ] || continue
		umount "$file" 2>/dev/null
		rm -f "$file" || die "delete: cannot remove $file"
	done
	[ ! -e "/sys/class/net/$1" ] || ip link delete "$1"
	rm -f "/tmp/$1.json"
}

cmd_exec() {
	[ $# -ge 1 ] || usage "exec: the name of a POD and a command are needed"
	pod_exec=$1
	shift
	[ "${1-}" != -- ] || shift
	[ $# -ge 1 ] || usage "exec $pod_exec: a command is needed"
	require_pod "$pod_exec"
	if ! find_program "$1"; then
		echo "netns_test: exec: no command '$1'" >&2
		exit 127
	fi
	shift
	find_multi
	# By its path: busybox would take its own applet for the name.
	# shellcheck disable=SC2086
	exec $multi nsenter --net="$NETNS/$pod_exec" --uts="$UTSNS/$pod_exec" "$program" "$@"
}
