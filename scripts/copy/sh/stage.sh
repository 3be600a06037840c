# shellcheck shell=sh
# Creates a staging directory beside the destination, and prints its name. On "commit" it moves the copy from there to
# its final name. It removes the staging directory when it exits, also at the end of its input. Files are replaced
# atomically, and links below the destination are not followed. Arguments: the destination; name of the copy, if the
# destination is a directory; its kind; its size in bytes.

is_directory() { [ -d "$1" ] && [ ! -L "$1" ]; }
exists() { [ -e "$1" ] || [ -L "$1" ]; }
if [ -d "$1" ]; then
	parent=$1 final=${1%/}/$2
else
	case $1 in */) fail 2 'no such directory' ;; esac
	final=$1
	if [ -L "$final" ] && [ -e "$final" ]; then final=$(readlink -f "$final"); fi
	parent=$(dirname "$final")
	[ -d "$parent" ] || fail 2 "no such directory: $parent"
fi
if [ "$3" = file ]; then
	! is_directory "$final" || fail 2 "$final is a directory"
	! exists "$final" || [ -f "$final" ] || [ -L "$final" ] || fail 2 'exists and is not a regular file'
else
	! exists "$final" || is_directory "$final" || fail 2 "$final exists and is not a directory"
fi
# Some file systems, such as /proc, have no size.
free=$(df -P -k "$parent" 2>/dev/null | { read -r _ && read -r _ all _ free _ && [ "$all" != 0 ] && echo "$free"; })
case $free in
'' | *[!0-9]*) ;;
*)
	[ $((free * 1024)) -ge "$4" ] ||
		fail 3 "no space left in $parent: $(($4 / 1048576 + 1)) MiB needed, $((free / 1024)) MiB free"
	;;
esac
stage=$(mktemp -d "${parent%/}/.netns-cp-XXXXXX" 2>&1) || fail 3 "cannot write to $parent: ${stage##*: }"
trap 'rm -rf "$stage"' EXIT
trap 'exit 1' HUP INT PIPE TERM
echo "$stage"
read -r word
[ "$word" = commit ] || exit 1

# Merges into existing directories.
place() {
	if is_directory "$1" && is_directory "$2"; then
		for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
			exists "$each" || continue
			place "$each" "$2/${each##*/}"
		done
	else
		! is_directory "$2" || fail 3 "$2 is a directory, but the copy is not"
		! is_directory "$1" || ! exists "$2" || fail 3 "$2 exists and is not a directory"
		# mv would follow the link.
		[ ! -L "$2" ] || rm -f "$2"
		error=$(mv -f "$1" "$2" 2>&1) || fail 3 "cannot write $2: ${error##*: }"
	fi
}
place "$stage/copy" "$final"
