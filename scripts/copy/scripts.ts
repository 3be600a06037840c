/**
 * What a copy does in a VM, and on this host where it reads: POSIX sh with coreutils and tar, or busybox. They exit with 2 for what the user
 * has to type otherwise, and say in one line why.
 */

const COMMON = `
unset CDPATH TAR_OPTIONS
fail() { status=$1; shift; echo "$*" >&2; exit "$status"; }
command -v tar >/dev/null || tar() { busybox tar "$@"; }
`

/**
 * Says what there is to copy: "file <mode> <bytes>" or "directory <mode> <bytes>". Arguments: the file; yes, if it may be a directory.
 */
export const LOOK = `${COMMON}
if [ -d "$1" ]; then
	[ "$2" = yes ] || fail 2 'it is a directory, which is copied with -r'
	[ -r "$1" ] && [ -x "$1" ] || fail 3 'no permission'
	kib=$(du -sk "$1" 2>/dev/null)
	kib=\${kib%%[!0-9]*}
	echo "directory $(stat -L -c %a "$1") $((\${kib:-0} * 1024))"
elif [ -f "$1" ]; then
	[ -r "$1" ] || fail 3 'no permission'
	echo "file $(stat -L -c '%a %s' "$1")"
elif [ -e "$1" ]; then
	fail 2 'it is neither a file nor a directory'
else
	fail 2 'there is no such file or directory'
fi`

/**
 * Writes it. A file is not sent as an archive: those of /proc have no length before they are read. tar stores such files as empty, and pads
 * those of /sys: a directory that has some is sent from a copy. Arguments: the file; its kind.
 */
export const SEND = `${COMMON}
[ "$2" = directory ] || exec cat "$1"
cd "$1" || exit 3
lies_about_sizes() {
	[ "$(stat -f -c %T . 2>/dev/null)" = sysfs ] ||
		[ -n "$(find . -type f -size 0 -exec cat {} + 2>/dev/null | head -c 1 | tr '\\0' x)" ]
}
if lies_about_sizes; then
	copy=$(mktemp -d) || exit 3
	trap 'rm -rf "$copy"' EXIT
	trap 'exit 3' HUP INT PIPE TERM
	cp -R -P . "$copy" && cd "$copy" || exit 3
fi
tar -c -f - . || exit 3`

/** Takes it into the directory of {@link KEEP}, as "copy". Arguments: the directory; its kind; its mode. */
export const RECEIVE = `${COMMON}
if [ "$2" = file ]; then
	cat >"$1/copy" && chmod "$(printf %o $((0$3 & 0777 & ~0$(umask))))" "$1/copy" || exit 3
else
	mkdir "$1/copy" && cd "$1/copy" && tar -x -o -m -f - && cat >/dev/null || exit 3
fi`

/**
 * Makes a directory beside where the copy is to be, and says its name; puts what is in there where it belongs when it reads "commit".
 * However it ends, and when its input does since who copied is gone, the directory goes with it. What is replaced is replaced as a
 * whole, and below the destination no link is followed. Arguments: the destination; the name in there, if it is a directory; the kind; the
 * bytes that are needed.
 */
export const KEEP = `${COMMON}
is_directory() { [ -d "$1" ] && [ ! -L "$1" ]; }
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
if [ -d "$1" ]; then
	beside=$1 final=\${1%/}/$2
else
	case $1 in */) fail 2 'there is no such directory' ;; esac
	final=$1
	if [ -L "$final" ] && [ -e "$final" ]; then final=$(readlink -f "$final"); fi
	beside=$(dirname "$final")
	[ -d "$beside" ] || fail 2 "there is no directory $beside"
fi
if [ "$3" = file ]; then
	! is_directory "$final" || fail 2 "$final is a directory"
	! is_there "$final" || [ -f "$final" ] || [ -L "$final" ] || fail 2 'it is there, and no regular file'
else
	! is_there "$final" || is_directory "$final" || fail 2 "$final is there, and no directory"
fi
# Some file systems, as that of /proc, have no size.
free=$(df -P -k "$beside" 2>/dev/null | { read -r _ && read -r _ all _ free _ && [ "$all" != 0 ] && echo "$free"; })
case $free in
'' | *[!0-9]*) ;;
*)
	[ $((free * 1024)) -ge "$4" ] ||
		fail 3 "no space left in $beside: $(($4 / 1048576 + 1)) MiB are needed, and $((free / 1024)) MiB are free"
	;;
esac
stage=$(mktemp -d "\${beside%/}/.netns-cp-XXXXXX" 2>&1) || fail 3 "cannot write in $beside: \${stage##*: }"
trap 'rm -rf "$stage"' EXIT
trap 'exit 1' HUP INT PIPE TERM
echo "$stage"
read -r word
[ "$word" = commit ] || exit 1

# Directories that are there already are kept.
place() {
	if is_directory "$1" && is_directory "$2"; then
		for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
			is_there "$each" || continue
			place "$each" "$2/\${each##*/}"
		done
	else
		! is_directory "$2" || fail 3 "$2 is a directory, and what is copied is none"
		! is_directory "$1" || ! is_there "$2" || fail 3 "$2 is there, and no directory"
		# mv would move it to where the link leads.
		[ ! -L "$2" ] || rm -f "$2"
		said=$(mv -f "$1" "$2" 2>&1) || fail 3 "cannot write $2: \${said##*: }"
	fi
}
place "$stage/copy" "$final"`
