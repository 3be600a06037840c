# shellcheck shell=sh
# Prints the state of the network namespace that it runs in, as sections (node.sh). $1: token; $2: place
token=$1 place=$2
section() { printf '\n%s %s %s\n' "$token" "$place" "$1"; }
# Sets $there: a missing tool is reported, because the objects that it shows are not compared.
has() {
	command -v "$1" >/dev/null && return
	section "absent $1"
	return 1
}

section ip
ip -details -json -batch - <<EOF || section 'failed ip'
link show
address show
route show table all
neighbor show nud all
neighbor show proxy
nexthop show
rule show
EOF
section ip6
echo 'rule show' | ip -6 -details -json -batch - || section 'failed ip -6'
section sysctls
cd /proc/sys/net && grep -rs . ipv4 ipv6 bridge netfilter core
if has bridge; then
	section fdb
	bridge -json fdb show || section 'failed bridge'
	section vlans
	bridge -json vlan show || section 'failed bridge vlan'
fi
if has nft; then
	section nft
	rules=$(nft -j list ruleset) || section 'failed nft'
	printf '%s\n' "$rules"
	# Rules of iptables-nft have parts that nft cannot show.
	case $rules in
	*'"xt"'*)
		section iptables
		iptables-nft-save || section 'failed iptables-nft-save'
		section ip6tables
		ip6tables-nft-save || section 'failed ip6tables-nft-save'
		;;
	esac
fi
# Without tables of iptables-legacy, its tools would load its modules.
for family in ip ip6; do
	[ ! -s "/proc/net/${family}_tables_names" ] || ! has "${family}tables-legacy-save" || {
		section "${family}tables-legacy"
		"${family}tables-legacy-save" || section "failed ${family}tables-legacy-save"
	}
done
if has tc; then
	section qdiscs
	qdiscs=$(tc qdisc show) || section 'failed tc'
	printf '%s\n' "$qdiscs"
	# Only such devices can have classes and filters.
	printf '%s\n' "$qdiscs" | while read -r _ kind _ _ device _; do
		case $kind in
		noqueue | pfifo_fast | fq_codel | mq | '') continue ;;
		esac
		section "tc $device"
		tc class show dev "$device"
		for parent in root ingress egress; do tc filter show dev "$device" "$parent" 2>/dev/null | sed "s/^/$parent: /"; done
	done
fi
