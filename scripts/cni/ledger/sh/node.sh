# shellcheck shell=sh
# Prints the state of this node and of network namespaces, as sections. A section starts with a line `<token> <place>
# <name>`; the token is random, so that no plugin's output can pass for one.
# $1: token; $2: space.sh; $3: directories of plugins' files, separated by spaces; then PODs (names in /var/run/netns)
token=$1 space=$2 directories=$3
shift 3
section() { printf '\n%s . %s\n' "$token" "$1"; }

section named
stat -Lc '%i %n' /var/run/netns/* 2>/dev/null
section own
stat -Lc '%i %n' /proc/self/ns/net /proc/self/ns/mnt
section processes
stat -Lc '%i %n' /proc/[0-9]*/ns/net /proc/[0-9]*/ns/mnt 2>/dev/null
section mounts
cat /proc/self/mountinfo
# Namespaces are files, too. State may be on a file system of its own, as in a sandbox.
list() { # <expression of find…>
	for directory in $directories; do
		[ ! -d "$directory" ] || find "$directory" \( -name netns -o -name utsns \) -prune -o "$@" 2>/dev/null
	done
}
section files
list -type f -size -2048 -exec sha256sum {} +
section others
list \( ! -type f -o -size +2047 \) -print
sh -c "$space" space "$token" .
for pod; do
	if [ -e "/var/run/netns/$pod" ] && nsenter --net="/var/run/netns/$pod" sh -c "$space" space "$token" "$pod"; then :; else
		printf '\n%s %s gone\n' "$token" "$pod"
	fi
done
