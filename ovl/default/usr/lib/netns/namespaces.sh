# shellcheck shell=sh
# What is in /var/run/netns: PODs, which have a UTS namespace as well; foreign network namespaces, as `ip netns add` makes them; and
# stale names, on which nothing is mounted (any more).

need pods

# Calls a command with the name and the kind of each: pod, foreign or stale.
each_namespace() { # <command…>
	local place
	for place in "$NETNS"/* "$NETNS"/.[!.]*; do
		[ -e "$place" ] || [ -h "$place" ] || continue
		namespace_kind "${place##*/}"
		"$@" "${place##*/}" "$kind" || return
	done
}

# Sets $kind.
namespace_kind() { # <name>
	real_run 2>/dev/null || :
	kind=stale
	mountinfo_text "$1"
	is_mounted "$NETNS/$1" "$netns_real/$escaped" || return 0
	kind=foreign
	[ -z "$utsns_real" ] || ! is_mounted "$UTSNS/$1" "$utsns_real/$escaped" || kind=pod
}

# Sets $escaped to a name as /proc/self/mountinfo has it: proc(5).
mountinfo_text() { # <name>
	escaped=$1
	case $1 in
	*[\\[:space:]]*)
		escaped=$(printf '%s\n' "$1" | awk '
			{ gsub(/\\/, "\\134"); gsub(/ /, "\\040"); gsub(/\t/, "\\011") }
			{ printf "%s%s", (NR > 1 ? "\\012" : ""), $0 }')
		;;
	esac
}

# Sets $json to a text as it is between the quotes of a JSON string. Names of PODs need no process for it.
json_text() { # <text>
	json=$1
	case $1 in
	*[!A-Za-z0-9_.:@-]*)
		json=$(printf %s "$1" | od -An -v -tu1 | LC_ALL=C awk '{
			for (i = 1; i <= NF; i++) {
				if ($i == 34 || $i == 92) printf "\\%c", $i + 0
				else if ($i < 32 || $i == 127) printf "\\u%04x", $i
				else printf "%c", $i + 0
			}
		}')
		;;
	esac
}
