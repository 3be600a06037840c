/**
 * What a copy does at its two ends, here as well as in a VM: POSIX sh with coreutils and tar, or busybox. They exit with 2 for what
 * the person has to type otherwise, and say in one line why.
 */

const COMMON = `
fail() { status=$1; shift; echo "$*" >&2; exit "$status"; }
command -v tar >/dev/null || tar() { busybox tar "$@"; }
`

/** Says what there is to copy: "file <mode>" or "directory <mode>". Arguments: the file; yes, if it may be a directory. */
export const LOOK = `${COMMON}
if [ -d "$1" ]; then
	[ "$2" = yes ] || fail 2 'it is a directory, which is copied with -r'
	[ -r "$1" ] && [ -x "$1" ] || fail 3 'no permission'
	kind=directory
elif [ -f "$1" ]; then
	[ -r "$1" ] || fail 3 'no permission'
	kind=file
elif [ -e "$1" ]; then
	fail 2 'it is neither a file nor a directory'
else
	fail 2 'there is no such file or directory'
fi
echo "$kind $(stat -L -c %a "$1")"`

/** Writes it. A file not as an archive: those of /proc have no length before they are read. Arguments: the file; its kind. */
export const SEND = `${COMMON}
[ "$2" = directory ] || exec cat "$1"
cd "$1" && tar -c -f - .`

/** Takes it into the directory of {@link KEEP}, as "copy". Arguments: the directory; its kind; its mode. */
export const RECEIVE = `${COMMON}
if [ "$2" = file ]; then
	cat >"$1/copy" && chmod "$(printf %o $((0$3 & 0777 & ~0$(umask))))" "$1/copy"
else
	mkdir "$1/copy" && cd "$1/copy" && tar -x -o -m -f - && cat >/dev/null
fi`

/**
 * Makes a directory beside where the copy is to be, and says its name; puts what is in there where it belongs when it is told
 * "commit". However it ends, and when its input does since who copied is gone, the directory goes with it. What is replaced is replaced as a
 * whole. Arguments: the destination; the name in there, if it is a directory; the kind.
 */
export const KEEP = `${COMMON}
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
	[ ! -d "$final" ] || fail 2 "$final is a directory"
	[ ! -e "$final" ] || [ -f "$final" ] || fail 2 'it is there, and no regular file'
else
	[ ! -e "$final" ] || [ -d "$final" ] || fail 2 "$final is there, and no directory"
fi
stage=$(mktemp -d "\${beside%/}/.netns-cp-XXXXXX" 2>&1) || fail 3 "cannot write in $beside: \${stage##*: }"
trap 'rm -rf "$stage"' EXIT
trap 'exit 1' HUP INT PIPE TERM
echo "$stage"
read -r word
[ "$word" = commit ] || exit 1

# Directories that are there already are kept.
place() {
	if [ -d "$1" ] && [ ! -L "$1" ] && [ -d "$2" ]; then
		for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
			[ -e "$each" ] || [ -L "$each" ] || continue
			place "$each" "$2/\${each##*/}"
		done
	else
		[ ! -d "$2" ] || fail 3 "$2 is a directory, and what is copied is none"
		said=$(mv -f "$1" "$2" 2>&1) || fail 3 "cannot write $2: \${said##*: }"
	fi
}
place "$stage/copy" "$final"`
