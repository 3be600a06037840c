# shellcheck shell=sh
# A POD is a net and a UTS namespace, bind-mounted on /var/run/netns/<pod> and /var/run/utsns/<pod>.

NETNS=/var/run/netns
UTSNS=/var/run/utsns
NEWLINE='
'

# Sets $multi to the path of a busybox that can enter namespaces. A static busybox starts five times as fast as
# util-linux and coreutils.
find_multi() {
	local candidate applet
	[ -z "${multi+set}" ] || return 0
	multi=
	for candidate in /bin/busybox /usr/bin/busybox; do
		[ -x "$candidate" ] && has_applets "$candidate" || continue
		multi=$candidate
		for applet in awk cat date mkdir rm sleep sort; do
			eval "$applet() { \"\$multi\" $applet \"\$@\"; }"
		done
		return
	done
}

# `command -v` works if busybox's shell prefers applets. `--list` always works, but takes an emulated VM four times as
# long: it writes each name separately.
has_applets() { # <busybox>
	# shellcheck disable=SC2016
	case $("$1" sh -c 'for applet in nsenter timeout unshare; do command -v "$applet"; done' 2>/dev/null) in
	"nsenter${NEWLINE}timeout${NEWLINE}unshare") return 0 ;;
	esac
	case $("$1" --list) in
	*"$NEWLINE"nsenter"$NEWLINE"*"$NEWLINE"timeout"$NEWLINE"*"$NEWLINE"unshare"$NEWLINE"*) ;;
	*) return 1 ;;
	esac
}

# Runs a script in a POD's namespaces with as few processes as possible. `ip` may be busybox's in there. Scripts end
# with `exec`, which saves a third of the time in an emulated VM: busybox's shell becomes the applet.
in_pod() { # <pod> <script> [arguments…]
	local pod_in
	pod_in=$1
	shift
	# shellcheck disable=SC2086
	$multi nsenter --net="$NETNS/$pod_in" --uts="$UTSNS/$pod_in" $multi sh -c "$@"
}

# Runs lines of `ip -batch` in one process.
ip_batch() { # <lines>
	ip -batch - <<-EOF
		$1
	EOF
}

# The same in a POD.
ip_in_pod() { # <pod> <lines>
	# shellcheck disable=SC2086
	$multi nsenter --net="$NETNS/$1" "$real_ip" -batch - <<-EOF
		$2
	EOF
}

# Sets an interface of this node up (IFF_UP is 1) without starting a process.
bring_up() { # <interface>
	local flags
	read -r flags <"/sys/class/net/$1/flags" && echo $((flags | 1)) >"/sys/class/net/$1/flags"
}

# Tests whether something is mounted on a file. awk reads all mounts once, and only if the file exists. The shell's
# `read` would take a system call for each character.
is_mounted() { # <file> [its path in mountinfo]
	[ -e "$1" ] || return 1
	[ -n "${mounts-}" ] ||
		mounts=" $(awk -v ORS=' ' '{ print $5 }' /proc/self/mountinfo)" || die "cannot read /proc/self/mountinfo"
	case $mounts in
	*" ${2-$1} "*) ;;
	*) return 1 ;;
	esac
}

# /var/run may be a link to /run, and mountinfo has real paths.
real_run() { # sets $netns_real and $utsns_real
	[ -z "${netns_real-}" ] || return 0
	netns_real=$(cd "$NETNS" && pwd -P) && utsns_real=$(cd "$UTSNS" && pwd -P)
}

require_pod() { # <pod>
	local file pods
	case $1 in
	'' | . | .. | */*) die "no POD '$1'" ;;
	esac
	[ ! -e "$NETNS/$1" ] || [ ! -e "$UTSNS/$1" ] || return 0
	need namespaces
	find_multi
	namespace_kind "$1"
	[ ! -e "$NETNS/$1" ] || [ "$kind" != stale ] || die "'$1' is stale: no namespace is mounted on $NETNS/$1"
	pods=''
	for file in "$NETNS"/*; do
		[ ! -e "$file" ] || pods="$pods ${file##*/}"
	done
	die "no POD '$1' (${pods:+there are$pods; }netns_test create creates them)"
}

cmd_create() {
	range "$@"
	own_node
	find_multi
	[ -d "$NETNS" ] && [ -d "$UTSNS" ] || mkdir -p "$NETNS" "$UTSNS" || die "cannot create $NETNS and $UTSNS"
	real_run
	mounts=
	# shellcheck disable=SC2046
	create_pods $(each_pod echo)
}

create_pods() { # <pod…>
	local fresh pod_of
	fresh=''
	for pod_of; do prepare_pod "$pod_of"; done
	[ -z "$fresh" ] || create_fresh
}

# PODs for which an emulated CPU starts Perl no later than it runs the processes that Perl saves. Other CPUs always do.
PERL_LEAST_PODS=7

# Sets $perl to a Perl, which configures all PODs in one process instead of several for each; empty without one, as in
# xcluster's image. Fails without one, and for so few PODs that it saves nothing.
find_perl() { # <number of PODs>
	[ "$1" -ge "$PERL_LEAST_PODS" ] || ! is_emulated || return 1
	[ -n "${perl+set}" ] || { find_program perl && perl=$program; } || perl=
	[ -n "$perl" ]
}

# Tests whether this node is a VM without KVM, by its kernel's command line (scripts/cluster/vm/architectures.ts), which
# is read once.
is_emulated() {
	[ -n "${command_line+set}" ] || read -r command_line </proc/cmdline || :
	case " $command_line " in
	*' emulated=yes '*) ;;
	*) return 1 ;;
	esac
}

# Both namespaces of a POD are missing: the usual case.
create_fresh() {
	local left
	if find_perl "$count"; then
		# shellcheck disable=SC2086
		left=$("$perl" "$library/pods.pl" create "$NETNS" "$UTSNS" $fresh)
		case $? in
		0) return ;;
		78) perl= ;;
		*)
			# shellcheck disable=SC2086
			cannot_create ${left:-$fresh}
			;;
		esac
	fi
	# shellcheck disable=SC2086
	set -- $fresh
	while [ $# -gt 0 ]; do
		# One process creates both namespaces, and then executes the set-up.
		# shellcheck disable=SC2086
		$multi unshare --net="$NETNS/$1" --uts="$UTSNS/$1" $multi sh -c "$SET_UP" sh "$1" || cannot_create "$@"
		shift
	done
}

# Removes the files of PODs that were not created, the first of which failed.
cannot_create() { # <pod…>
	remove_pods "$@"
	die "create: cannot create $1"
}

# Writing to /proc takes no process, but fails in a user namespace, where only the system call works.
# shellcheck disable=SC2016
SET_NAME='{ echo "$1" 2>/dev/null >/proc/sys/kernel/hostname || hostname "$1"; }'
SET_UP="$SET_NAME && exec ip link set lo up"

# Adds a POD without namespaces to $fresh, and completes one that lacks one of them.
prepare_pod() { # <pod>
	local has_net has_uts
	has_net=no has_uts=no
	is_mounted "$netns_real/$1" && has_net=yes
	is_mounted "$utsns_real/$1" && has_uts=yes
	[ "$has_net$has_uts" != yesyes ] || return 0
	[ "$has_net" = yes ] || mount_point "$NETNS/$1"
	[ "$has_uts" = yes ] || mount_point "$UTSNS/$1"
	case $has_net$has_uts in
	nono)
		fresh="$fresh $1"
		return
		;;
	yesno) new_pod "$1" --uts="$UTSNS/$1" true ;;
	noyes) new_pod "$1" --net="$NETNS/$1" true ;;
	esac
	# The POD was incomplete.
	in_pod "$1" "$SET_UP" sh "$1" || die "create: cannot set up $1"
}

# Creates an empty file. Not with ":", a special built-in: its failed redirection would end the shell without a message.
mount_point() { # <file>
	printf '' 2>/dev/null >"$1" || die "create: $1 is in the way, or cannot be written"
}

new_pod() { # <pod> <unshare's arguments…>
	local pod_new
	pod_new=$1
	shift
	$multi unshare "$@" || cannot_create "$pod_new"
}

cmd_delete() {
	range "$@"
	own_node
	[ -d "$NETNS" ] && [ -d "$UTSNS" ] || return 0
	real_run
	# shellcheck disable=SC2046
	remove_pods $(each_pod echo)
}

# Deletes veth interfaces of the node first: the kernel deletes them with the POD's namespace, but asynchronously.
remove_pods() { # <pod…>
	local files gone links file mounted
	find_multi
	need cni
	cni_release "$@"
	mounts=
	mounted='' files='' links=''
	for gone; do
		for file in "$netns_real/$gone" "$utsns_real/$gone"; do
			! is_mounted "$file" || mounted="$mounted $file"
			files="$files $file"
		done
		files="$files /tmp/$gone.json"
		[ ! -e "/sys/class/net/$gone" ] || links="$links link delete $gone
"
	done
	[ -z "$links" ] || ip_batch "$links" || die "delete: some interfaces could not be deleted, see above"
	# shellcheck disable=SC2086
	[ -z "$mounted" ] || $multi umount $mounted || die "delete: some namespaces could not be unmounted, see above"
	# shellcheck disable=SC2086
	rm -f $files
}
