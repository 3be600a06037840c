# shellcheck shell=sh
# Computes addresses from any template, like the tool ipu, and from a MAC address.

need address

cmd_makeip() {
	local cidr ipv6template address length net host option subnet
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
	parse_template "$cidr" || die "makeip: '$cidr' is not a template, e.g. 172.16.0.0/16/24"
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
		parse_ipv6_template "$ipv6template" ||
			die "makeip: '$ipv6template' is not an IPv6 address that ends with an IPv4 address"
		format_mapped "$address"
		[ -z "$length" ] || length=$((length + 96))
	else
		format_ipv4 "$ipv4"
	fi
	echo "$text${length:+/$length}"
}

# The link-local address of a MAC: RFC 4291, appendix A.
cmd_linklocal() {
	local total byte groups
	[ $# -eq 1 ] || usage "linklocal: a MAC address is needed"
	groups=
	total=0
	hex_groups "$1" && [ "$total" -eq 6 ] || die "linklocal: invalid MAC address '$1'"
	# shellcheck disable=SC2086
	set -- $groups
	for byte; do
		[ "$byte" -le 255 ] || die "linklocal: a byte of the MAC address exceeds ff"
	done
	format_ipv6 $((0xfe80)) 0 0 0 $((($1 ^ 2) << 8 | $2)) $(($3 << 8 | 255)) $((0xfe00 | $4)) $(($5 << 8 | $6))
	echo "$text"
}
