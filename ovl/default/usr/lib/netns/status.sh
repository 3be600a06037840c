# shellcheck shell=sh
# What is there: PODs, interfaces, addresses and routes, as iproute2 tells them.

need pods

# As JSON: { node, npods, interfaces, routes, pods: [{ name, interfaces, routes }] }, routes of all tables and both families.
cmd_status() {
	case $#${1-} in
	0) status_text ;;
	1--json)
		facts=$(status_stream) || die "status: not everything could be looked at, see above"
		# Put together by awk: jq takes half a second to start in an emulated VM.
		printf '%s\n' "$facts" | awk -v npods="$NPODS" '
			# ip leaves control characters in names of interfaces as they are, which JSON does not allow.
			BEGIN { for (i = 1; i < 32; i++) if (i != 10) controls[sprintf("%c", i)] = sprintf("\\u%04x", i) }
			/[[:cntrl:]]/ {
				text = $0
				# No gsub: awks differ in what a backslash means there.
				for (c in controls)
					while (at = index(text, c)) text = substr(text, 1, at - 1) controls[c] substr(text, at + 1)
				$0 = text
			}
			NR % 3 == 1 { name = $0 }
			NR % 3 == 2 { interfaces = $0 }
			NR % 3 == 0 {
				facts = "\"interfaces\":" interfaces ",\"routes\":" $0
				if (NR == 3) printf "{\"node\":\"%s\",\"npods\":%d,%s,\"pods\":[", name, npods, facts
				else printf "%s\n{\"name\":\"%s\",%s}", (NR > 6 ? "," : ""), name, facts
			}
			END { print "]}" }'
		;;
	*) usage "status: takes --json and nothing else" ;;
	esac
}

# Only "all" tables hold both families.
STATUS_QUERIES='address show
route show table all'

# Three lines for the VM and for each POD: name, interfaces and routes, these as JSON. All of it by one process each.
status_stream() {
	find_multi
	echo "$host"
	ip -d -j -batch - <<-EOF || return
		$STATUS_QUERIES
	EOF
	for file in "$NETNS"/*; do
		[ -e "$file" ] || continue
		echo "${file##*/}"
		# shellcheck disable=SC2086
		$multi nsenter --net="$file" "$real_ip" -d -j -batch - <<-EOF || return
			$STATUS_QUERIES
		EOF
	done
}

status_text() {
	echo "$host"
	ip -br address
	for file in "$NETNS"/*; do
		[ -e "$file" ] || continue
		echo "${file##*/}"
		nsenter --net="$file" "$real_ip" -br address
	done
}
