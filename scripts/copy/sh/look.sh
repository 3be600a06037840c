# shellcheck shell=sh
# Says what there is to copy: "file <mode> <bytes>" or "directory <mode> <bytes>". Arguments: the file; yes, if it may be a
# directory.

if [ -d "$1" ]; then
	[ "$2" = yes ] || fail 2 'it is a directory, which is copied with -r'
	[ -r "$1" ] && [ -x "$1" ] || fail 3 'no permission'
	kib=$(du -sk "$1" 2>/dev/null)
	kib=${kib%%[!0-9]*}
	echo "directory $(stat -L -c %a "$1") $((${kib:-0} * 1024))"
elif [ -f "$1" ]; then
	[ -r "$1" ] || fail 3 'no permission'
	echo "file $(stat -L -c '%a %s' "$1")"
elif [ -e "$1" ]; then
	fail 2 'it is neither a file nor a directory'
else
	fail 2 'there is no such file or directory'
fi
