# shellcheck shell=sh
# Random addresses: hosts of net 0, in the order of /etc/rnd-addresses, which is the same on all nodes.

need address

# Sets $ipv4 to the random address number <n>, counted from 1.
random_address() { # <n>
	if [ -z "${random_numbers-}" ]; then
		[ -r /etc/rnd-addresses ] || die "/etc/rnd-addresses is missing"
		random_numbers=
		while read -r number; do
			random_numbers="$random_numbers $number"
		done </etc/rnd-addresses
	fi
	if [ "$inner" -lt 24 ]; then random_of_many "$1"; else random_of_file "$1"; fi
	template_address 0 "$number" || die "ADRTEMPLATE=$ADRTEMPLATE has no host $number"
}

# Sets $number to line <n> of the file.
random_of_file() { # <n>
	local wanted
	wanted=$1
	# shellcheck disable=SC2086
	set -- $random_numbers
	[ "$wanted" -le $# ] || die "/etc/rnd-addresses has $# numbers, and $wanted are needed" \
		"(use fewer nodes or PODs, or an ADRTEMPLATE with more hosts, e.g. 172.16.0.0/12/16)"
	eval "number=\${$wanted}"
}

# Sets $number to one of all hosts except the first and the last, for templates with more hosts than the file has lines.
# Walks the ring of hosts with a stride coprime to its length, so no host repeats. A stride near the golden ratio of the
# length spreads them evenly. Start and stride come from the file, which is the same on all nodes.
random_of_many() { # <n>
	local wanted hosts
	wanted=$1 hosts=$(((1 << (32 - inner)) - 2))
	[ "$wanted" -le "$hosts" ] ||
		die "ADRTEMPLATE=$ADRTEMPLATE has $hosts hosts, and $wanted are needed (use fewer nodes or PODs)"
	[ -n "${random_stride-}" ] || random_ring "$hosts"
	number=$(((random_start + wanted * random_stride) % hosts + 1))
}

# Sets $random_start and $random_stride.
random_ring() { # <hosts>
	local hosts a b rest
	hosts=$1
	# shellcheck disable=SC2086
	set -- $random_numbers
	[ $# -ge 4 ] || die "/etc/rnd-addresses has $# numbers, and at least 4 are needed"
	random_start=$((($2 << 16 | $3 << 8 | $4) % hosts))
	random_stride=$((hosts * 618 / 1000 + $1 / 16))
	while :; do
		a=$hosts b=$random_stride
		while [ "$b" -gt 0 ]; do
			rest=$((a % b))
			a=$b b=$rest
		done
		[ "$a" -gt 1 ] || return 0
		random_stride=$((random_stride + 1))
	done
}

# The first numbers are the nodes', followed by the PODs', node by node.
random_pod_address() { # <node> <pod number>
	random_address $((__nvm + ($1 - 1) * NPODS + $2))
}
