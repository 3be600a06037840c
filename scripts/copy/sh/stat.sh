# shellcheck shell=sh
# Prints "file <mode> <bytes>" or "directory <mode> <bytes>" for the source. Arguments: the file; yes, if it may be a
# directory.

if [ -d "$1" ]; then
	[ "$2" = yes ] || fail 2 'is a directory; copy it with -r'
	[ -r "$1" ] && [ -x "$1" ] || fail 3 'permission denied'
	kib=$(du -sk "$1" 2>/dev/null)
	kib=${kib%%[!0-9]*}
	echo "directory $(stat -L -c %a "$1") $((${kib:-0} * 1024))"
elif [ -f "$1" ]; then
	[ -r "$1" ] || fail 3 'permission denied'
	echo "file $(stat -L -c '%a %s' "$1")"
elif [ -e "$1" ]; then
	fail 2 'is neither a file nor a directory'
else
	fail 2 'no such file or directory'
fi
