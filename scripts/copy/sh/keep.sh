# shellcheck shell=sh
# Makes a directory beside where the copy is to be, and says its name; puts what is in there where it belongs when it reads
# "commit". However it ends, also because its input does, the directory goes with it. What is replaced is replaced as a whole, and
# below the destination no link is followed. Arguments: the destination; the name in there, if it is a directory; the kind; the bytes
# that are needed.

is_directory() { [ -d "$1" ] && [ ! -L "$1" ]; }
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
if [ -d "$1" ]; then
	beside=$1 final=${1%/}/$2
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
stage=$(mktemp -d "${beside%/}/.netns-cp-XXXXXX" 2>&1) || fail 3 "cannot write in $beside: ${stage##*: }"
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
			place "$each" "$2/${each##*/}"
		done
	else
		! is_directory "$2" || fail 3 "$2 is a directory, and what is copied is none"
		! is_directory "$1" || ! is_there "$2" || fail 3 "$2 is there, and no directory"
		# mv would move it to where the link leads.
		[ ! -L "$2" ] || rm -f "$2"
		said=$(mv -f "$1" "$2" 2>&1) || fail 3 "cannot write $2: ${said##*: }"
	fi
}
place "$stage/copy" "$final"
