# shellcheck shell=sh
# Addresses from a template a.b.c.d/outer/inner: the bits between the two prefix lengths hold the net (the node), the
# rest the host (the POD). Results are those of nfqlb's tool ipu. Shell arithmetic, because a process costs an emulated
# VM at least 8 ms.

# Sets $base, $outer and $inner. Without the second length, both are the same.
parse_template() { # <template>
	local template
	template=$1
	outer=${template#*/}
	[ "$outer" != "$template" ] || return 1
	inner=${outer#*/}
	outer=${outer%%/*}
	parse_ipv4 "${template%%/*}" || return 1
	is_number "$outer" && is_number "$inner" || return 1
	[ "$outer" -ge 1 ] && [ "$outer" -le "$inner" ] && [ "$inner" -le 32 ] || return 1
	base=$((ipv4 >> (32 - outer) << (32 - outer)))
}

# Sets $ipv4 to a dotted address, as a number.
parse_ipv4() { # <address>
	local parts byte bytes
	case $1 in
	*[!0-9.]* | .* | *. | *..*) return 1 ;;
	esac
	parts=$1.
	ipv4=0
	bytes=0
	while [ -n "$parts" ]; do
		byte=${parts%%.*}
		parts=${parts#*.}
		case $byte in
		'' | ????* | 0?*) return 1 ;;
		esac
		[ "$byte" -le 255 ] || return 1
		ipv4=$((ipv4 << 8 | byte))
		bytes=$((bytes + 1))
	done
	[ "$bytes" -eq 4 ]
}

# Sets $ipv4 to the address of a net and host in the parsed template.
template_address() { # <net> <host>
	[ "$1" -lt $((1 << (inner - outer))) ] && [ "$2" -lt $((1 << (32 - inner))) ] || return 1
	ipv4=$((base | $1 << (32 - inner) | $2))
}

# Sets $text.
format_ipv4() { # <number>
	text=$(($1 >> 24 & 255)).$(($1 >> 16 & 255)).$(($1 >> 8 & 255)).$(($1 & 255))
}

# Sets $hex.
format_hex() { # <number>
	local digit rest
	hex=
	rest=$1
	while :; do
		digit=$((rest & 15))
		case $digit in
		10) digit=a ;;
		11) digit=b ;;
		12) digit=c ;;
		13) digit=d ;;
		14) digit=e ;;
		15) digit=f ;;
		esac
		hex=$digit$hex
		rest=$((rest >> 4))
		[ "$rest" -gt 0 ] || return 0
	done
}

# Sets $groups to the first six groups, as numbers, of an IPv6 address that ends with an IPv4 address.
parse_ipv6_template() { # <template>
	local tail head left right before total
	case $1 in
	*:*.*) tail=${1##*:} ;;
	*) return 1 ;;
	esac
	parse_ipv4 "$tail" || return 1
	head=${1%"$tail"}
	case $head in
	*::*::* | *:::* | *[!0-9a-fA-F:]*) return 1 ;;
	*::*)
		left=${head%%::*}
		right=${head#*::}
		;;
	*)
		left=${head%:}
		right=
		;;
	esac
	right=${right%:}
	groups=
	total=0
	hex_groups "$left" || return 1
	before=$groups
	groups=
	hex_groups "$right" || return 1
	case $head in
	*::*)
		[ "$total" -lt 6 ] || return 1
		while [ "$total" -lt 6 ]; do
			before="$before 0"
			total=$((total + 1))
		done
		;;
	esac
	[ "$total" -eq 6 ] || return 1
	groups="$before $groups"
}

# Appends groups of up to four hexadecimal digits to $groups, as numbers, and adds their number to $total.
hex_groups() { # <a:b:c>
	local list group
	[ -n "$1" ] || return 0
	list=$1:
	while [ -n "$list" ]; do
		group=${list%%:*}
		list=${list#*:}
		case $group in
		'' | ?????* | *[!0-9a-fA-F]*) return 1 ;;
		esac
		groups="$groups $((0x$group))"
		total=$((total + 1))
	done
}

# Sets $text to the shortest form of eight groups (RFC 5952): the first longest run of at least two zeros becomes "::".
format_ipv6() { # <eight numbers>
	local longest start run index group
	longest=1
	start=-1
	run=0
	index=0
	for group; do
		if [ "$group" -eq 0 ]; then
			run=$((run + 1))
			if [ "$run" -gt "$longest" ]; then
				longest=$run
				start=$((index - run + 1))
			fi
		else
			run=0
		fi
		index=$((index + 1))
	done
	text=
	index=0
	for group; do
		if [ "$start" -ge 0 ] && [ "$index" -ge "$start" ] && [ "$index" -lt $((start + longest)) ]; then
			[ "$index" -ne "$start" ] || text=$text::
		else
			format_hex "$group"
			case $text in
			'' | *:) text=$text$hex ;;
			*) text=$text:$hex ;;
			esac
		fi
		index=$((index + 1))
	done
}

# Sets $text to the parsed IPv6 template with an IPv4 address, given as a number, at its end.
format_mapped() { # <number>
	# shellcheck disable=SC2086
	format_ipv6 $groups $(($1 >> 16)) $(($1 & 65535))
}

# Parses ADRTEMPLATE and PREFIX.
load_template() {
	parse_template "$ADRTEMPLATE" || usage "ADRTEMPLATE=$ADRTEMPLATE: must be a template, e.g. 172.16.0.0/16/24"
	parse_ipv6_template "$PREFIX:0.0.0.0" || usage "PREFIX=$PREFIX: must be an IPv6 prefix, e.g. 1000::1"
}

# Prints $ipv4 with its prefix length, in the given family or in both, IPv4 first.
print_address() { # <family, or empty for both>
	local address
	address=$ipv4
	case $1 in
	'' | 4)
		format_ipv4 "$address"
		echo "$text/$inner"
		;;
	6) ;;
	*) usage "family '$1' is not 4 or 6" ;;
	esac
	case $1 in
	'' | 6)
		format_mapped "$address"
		echo "$text/$((inner + 96))"
		;;
	esac
}

# Sets $ipv4 to the structured address of a POD: the net is the node, the host is the POD.
pod_address() { # <node> <pod number>
	template_address "$1" "$2" || die "ADRTEMPLATE=$ADRTEMPLATE has no address for POD $2 of node $1"
}
