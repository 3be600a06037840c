# shellcheck shell=sh
# Writes a file, or a directory as a tar archive, to stdout. tar stores files of /proc, which have no size, as empty,
# and pads files of /sys: a directory with such files is sent from a copy. Arguments: the file; its kind.

[ "$2" = directory ] || exec cat "$1"
cd "$1" || exit 3
has_unreliable_sizes() {
	[ "$(stat -f -c %T . 2>/dev/null)" = sysfs ] ||
		[ -n "$(find . -type f -size 0 -exec cat {} + 2>/dev/null | head -c 1 | tr '\0' x)" ]
}
if has_unreliable_sizes; then
	copy=$(mktemp -d) || exit 3
	trap 'rm -rf "$copy"' EXIT
	trap 'exit 3' HUP INT PIPE TERM
	cp -R -P . "$copy" && cd "$copy" || exit 3
fi
tar -c -f - . || exit 3
