# shellcheck shell=sh
# Prints addresses of nodes and PODs.

need address random

cmd_compute_address() {
	[ $# -eq 1 ] || usage "compute_address: the name of a POD is needed"
	node_of "$1" || usage "compute_address: invalid POD name '$1', e.g. vm-001-ns01"
	decimal "${1##*-ns}"
	is_number "$number" && [ "$number" -ge 1 ] || usage "compute_address: invalid POD name '$1', e.g. vm-001-ns01"
	load_template
	case $1 in
	*-vm-*) node=0 ;;
	esac
	pod_address "$node" "$number"
	print_address "${__family-}"
}

# Sets $node to a node number given as an argument.
node_argument() { # <command> <node>
	is_number "$2" && [ "$2" -ge 1 ] || usage "$1: '$2' is not a node number"
	decimal "$2"
	node=$number
}

# Prints the addresses of the PODs of $node.
print_pod_addresses() { # <pod_address or random_pod_address> <family>
	local n
	load_template
	range
	n=$first
	while [ "$n" -le "$last" ]; do
		"$1" "$node" "$n"
		print_address "$2"
		n=$((n + 1))
	done
}

cmd_address_pods() {
	[ $# -ge 1 ] && [ $# -le 2 ] || usage "address_pods: expects a node, and optionally a family"
	node_argument address_pods "$1"
	print_pod_addresses pod_address "${2-}"
}

cmd_rndaddress_node() {
	[ $# -ge 1 ] && [ $# -le 2 ] || usage "rndaddress_node: expects a node, and optionally a family"
	node_argument rndaddress_node "$1"
	load_template
	random_address "$node"
	print_address "${2-}"
}

cmd_rndaddress_pods() {
	[ $# -ge 1 ] && [ $# -le 2 ] || usage "rndaddress_pods: expects a node, and optionally a family"
	node_argument rndaddress_pods "$1"
	print_pod_addresses random_pod_address "${2-}"
}
