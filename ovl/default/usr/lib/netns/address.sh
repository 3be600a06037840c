# shellcheck shell=sh
# Addresses from a template a.b.c.d/outer/inner: the bits between the lengths hold the net (the node), those behind
# the host (the POD). Answers are those of nfqlb's tool ipu; all of it is shell arithmetic, since a process costs an
# emulated VM 8 ms and more.

# Sets $base, $outer and $inner; the lengths are one where the second is missing.
parse_template() { # <template>
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

# Sets $ipv4 to the number of a dotted address.
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

# Sets $groups to the first six groups of an IPv6 address whose last two are an IPv4 address, as numbers.
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

# Appends groups of four hexadecimal digits to $groups, as numbers, and counts them in $total.
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

# Sets $text to an IPv4 number behind the parsed IPv6 template.
format_mapped() { # <number>
	# shellcheck disable=SC2086
	format_ipv6 $groups $(($1 >> 16)) $(($1 & 65535))
}

cmd_makeip() {
	local cidr ipv6template
	cidr='' net=0 host=0 subnet='' ipv6template=''
	for option; do
		case $option in
		--cidr=*) cidr=${option#*=} ;;
		--net=*) net=${option#*=} ;;
		--host=*) host=${option#*=} ;;
		--subnet=*) subnet=${option#*=} ;;
		--ipv6template=*) ipv6template=${option#*=} ;;
		*) usage "makeip: unknown option '$option'" ;;
		esac
	done
	parse_template "$cidr" || die "makeip: '$cidr' is no template, as in 172.16.0.0/16/24"
	is_number "$net" && is_number "$host" || die "makeip: net and host must be numbers"
	template_address "$net" "$host" || die "makeip: $cidr has no net $net with a host $host"
	case $subnet in
	'') length= ;;
	1) length=$outer ;;
	2) length=$inner ;;
	*) die "makeip: --subnet is 1 or 2" ;;
	esac
	if [ -n "$ipv6template" ]; then
		address=$ipv4
		parse_ipv6_template "$ipv6template" || die "makeip: '$ipv6template' is no IPv6 address that ends with an IPv4 one"
		format_mapped "$address"
		[ -z "$length" ] || length=$((length + 96))
	else
		format_ipv4 "$ipv4"
	fi
	echo "$text${length:+/$length}"
}

# The link-local address of a MAC: RFC 4291, appendix A.
cmd_linklocal() {
	local total byte
	[ $# -eq 1 ] || usage "linklocal: a MAC is needed"
	groups=
	total=0
	hex_groups "$1" && [ "$total" -eq 6 ] || die "linklocal: '$1' is no MAC"
	# shellcheck disable=SC2086
	set -- $groups
	for byte; do
		[ "$byte" -le 255 ] || die "linklocal: a byte of the MAC is over ff"
	done
	format_ipv6 $((0xfe80)) 0 0 0 $((($1 ^ 2) << 8 | $2)) $(($3 << 8 | 255)) $((0xfe00 | $4)) $(($5 << 8 | $6))
	echo "$text"
}

# The run's template and IPv6 prefix, parsed.
load_template() {
	parse_template "$ADRTEMPLATE" || usage "ADRTEMPLATE=$ADRTEMPLATE: must be as in 172.16.0.0/16/24"
	parse_ipv6_template "$PREFIX:0.0.0.0" || usage "PREFIX=$PREFIX: must be the beginning of an IPv6 address, as in 1000::1"
}

# Prints what is at $ipv4 in the families that are wanted, in turn, with prefix length.
print_address() { # <family or nothing>
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

# Sets $ipv4 to the structured address of a POD: net is the node, host the POD.
pod_address() { # <node> <pod number>
	template_address "$1" "$2" || die "ADRTEMPLATE=$ADRTEMPLATE has no address for POD $2 of node $1"
}

# Sets $ipv4 to the random address number <n>, from 1: a host of net 0, all in one subnet. /etc/rnd-addresses says which.
random_address() { # <n>
	if [ -z "${random_numbers-}" ]; then
		[ -r /etc/rnd-addresses ] || die "/etc/rnd-addresses is not there"
		random_numbers=
		while read -r number; do
			random_numbers="$random_numbers $number"
		done </etc/rnd-addresses
	fi
	if [ "$inner" -lt 24 ]; then random_of_many "$1"; else random_of_file "$1"; fi
	template_address 0 "$number" || die "ADRTEMPLATE=$ADRTEMPLATE has no host $number"
}

# Sets $number to a line of the file.
random_of_file() { # <n>
	wanted=$1
	# shellcheck disable=SC2086
	set -- $random_numbers
	[ "$wanted" -le $# ] || die "/etc/rnd-addresses has $# numbers, and $wanted are needed (fewer nodes or PODs, or an ADRTEMPLATE with more hosts, as in 172.16.0.0/12/16)"
	eval "number=\${$wanted}"
}

# Sets $number to one of all hosts but the first and the last, where the file has too few. The hosts form a ring, which is
# walked in strides that share no divisor with its length: no host comes twice. About the golden ratio of the ring, they
# are spread evenly. Start and stride come from the file, which is the same on all nodes.
random_of_many() { # <n>
	local wanted hosts
	wanted=$1 hosts=$(((1 << (32 - inner)) - 2))
	[ "$wanted" -le "$hosts" ] || die "ADRTEMPLATE=$ADRTEMPLATE has $hosts hosts, and $wanted are needed (fewer nodes or PODs)"
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

# The first lines are the nodes', then come the PODs, node by node.
random_pod_address() { # <node> <pod number>
	random_address $((__nvm + ($1 - 1) * NPODS + $2))
}

cmd_compute_address() {
	[ $# -eq 1 ] || usage "compute_address: the name of a POD is needed"
	node_of "$1" || usage "compute_address: '$1' is no POD, as in vm-001-ns01"
	decimal "${1##*-ns}"
	is_number "$number" && [ "$number" -ge 1 ] || usage "compute_address: '$1' is no POD, as in vm-001-ns01"
	load_template
	case $1 in
	*-vm-*) node=0 ;;
	esac
	pod_address "$node" "$number"
	print_address "${__family-}"
}

# Sets $node to a node number given as an argument.
node_argument() { # <command> <node>
	is_number "$2" && [ "$2" -ge 1 ] || usage "$1: '$2' is no number of a node"
	decimal "$2"
	node=$number
}

cmd_address_pods() {
	[ $# -ge 1 ] && [ $# -le 2 ] || usage "address_pods: a node is needed, and perhaps a family"
	node_argument address_pods "$1"
	load_template
	range
	n=$first
	while [ "$n" -le "$last" ]; do
		pod_address "$node" "$n"
		print_address "${2-}"
		n=$((n + 1))
	done
}

cmd_rndaddress_node() {
	[ $# -ge 1 ] && [ $# -le 2 ] || usage "rndaddress_node: a node is needed, and perhaps a family"
	node_argument rndaddress_node "$1"
	load_template
	random_address "$node"
	print_address "${2-}"
}

cmd_rndaddress_pods() {
	[ $# -ge 1 ] && [ $# -le 2 ] || usage "rndaddress_pods: a node is needed, and perhaps a family"
	node_argument rndaddress_pods "$1"
	load_template
	range
	n=$first
	while [ "$n" -le "$last" ]; do
		random_pod_address "$node" "$n"
		print_address "${2-}"
		n=$((n + 1))
	done
}
