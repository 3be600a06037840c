# shellcheck shell=sh
# Writes the file or directory to stdout. A file is not sent as an archive: those of /proc have no length before they are read.
# tar stores such files as empty, and pads those of /sys: a directory that has some is sent from a copy. Arguments: the file; its
# kind.

[ "$2" = directory ] || exec cat "$1"
cd "$1" || exit 3
lies_about_sizes() {
	[ "$(stat -f -c %T . 2>/dev/null)" = sysfs ] ||
		[ -n "$(find . -type f -size 0 -exec cat {} + 2>/dev/null | head -c 1 | tr '\0' x)" ]
}
if lies_about_sizes; then
	copy=$(mktemp -d) || exit 3
	trap 'rm -rf "$copy"' EXIT
	trap 'exit 3' HUP INT PIPE TERM
	cp -R -P . "$copy" && cd "$copy" || exit 3
fi
tar -c -f - . || exit 3
