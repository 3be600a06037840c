# shellcheck shell=sh
# Classifies the entries of /var/run/netns: PODs, which also have a UTS namespace; foreign network namespaces, as
# created by `ip netns add`; and stale names, on which nothing is mounted.

need pods

# Calls a command with the name and the kind of each entry: pod, foreign or stale.
each_namespace() { # <command…>
	local place
	for place in "$NETNS"/* "$NETNS"/.[!.]*; do
		[ -e "$place" ] || [ -h "$place" ] || continue
		namespace_kind "${place##*/}"
		"$@" "${place##*/}" "$kind" || return
	done
}

# Sets $kind to pod, foreign or stale.
namespace_kind() { # <name>
	real_run 2>/dev/null || :
	kind=stale
	mountinfo_text "$1"
	is_mounted "$NETNS/$1" "$netns_real/$escaped" || return 0
	kind=foreign
	[ -z "$utsns_real" ] || ! is_mounted "$UTSNS/$1" "$utsns_real/$escaped" || kind=pod
}

# Sets $escaped to a name with the escapes of /proc/self/mountinfo, see proc(5).
mountinfo_text() { # <name>
	escaped=$1
	case $1 in
	*[\\[:space:]]*)
		# Not with gsub: implementations of awk disagree about backslashes in its replacement.
		escaped=$(printf '%s\n' "$1" | awk '
			BEGIN { escape["\\"] = "\\134"; escape[" "] = "\\040"; escape["\t"] = "\\011" }
			{
				if (NR > 1) printf "%s", "\\012"
				for (i = 1; i <= length($0); i++) {
					letter = substr($0, i, 1)
					printf "%s", letter in escape ? escape[letter] : letter
				}
			}')
		;;
	esac
}

# Sets $json to a text escaped for a JSON string, without the quotes. Takes no process for POD names.
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
