# shellcheck shell=sh
# Connects PODs with CNI plugins. According to the CNI specification a plugin reads its network configuration from stdin
# and its parameters from CNI_* variables, and prints a result or an error as JSON. awk parses it: jq takes half a
# second to start in an emulated VM.
#
# For callers on this node. The tests call plugins from the host (scripts/cni/pods/steps.ts), and leave the same files:
# the PODs' results are in /tmp/<pod>.json, the type of the plugin that connected each in /tmp/.<pod>.cni: users read
# the results by the pattern /tmp/<pod>*.

need pods address

# Timeout of a plugin. It takes a second when twenty start at once in an emulated VM.
CNI_SECONDS=60

# Sets $cni_type, and $cni_config to its configuration file.
cni_network() { # <type>
	cni_type=$1
	cni_config=/etc/cni/10-$1.conf
}

# Sets $plugins to the directory that contains all the plugins given.
find_plugins() { # <plugin…>
	local plugin
	for plugins in /opt/cni/bin /usr/lib/cni; do
		for plugin; do [ -x "$plugins/$plugin" ] || continue 2; done
		return
	done
	die "the CNI plugins $* are neither in /opt/cni/bin nor in /usr/lib/cni"
}

# Sets $subnet4 and $subnet6 to this node's POD networks.
cni_subnets() {
	own_node
	load_template
	pod_address "$node" 0
	format_ipv4 "$ipv4"
	subnet4=$text/$inner
	format_mapped "$ipv4"
	subnet6=$text/$((inner + 96))
}

# Sets the values of a configuration: $version to the newest CNI version that all its plugins support, $subnet4 and
# $subnet6 to this node's POD networks.
cni_prepare() { # <type> <other plugins…>
	local plugin
	find_plugins "$@"
	cni_network "$1"
	cni_subnets
	version=$(for plugin; do CNI_COMMAND=VERSION "$plugins/$plugin" || exit; done </dev/null |
		awk -v plugins=$# -f "$library/cni-versions.awk") ||
		die "the CNI plugins do not report their versions, or have none in common"
}

# Writes the configuration on stdin to $cni_config.
cni_configure() {
	mkdir -p "${cni_config%/*}/net.d" && cat >"$cni_config" || die "cannot write $cni_config"
}

# Creates the PODs for the plugin of a configuration.
cni_pods() { # <type>
	find_plugins "$1"
	cni_network "$1"
	[ -r "$cni_config" ] || die "no $cni_config (the step cni_$1_configure writes it)"
	cmd_create
	range
	each_pod cni_check
}

# Calls ADD for every POD, in batches.
cni_start() { # <type>
	local pids
	cni_pods "$1"
	cni_most
	local end failures
	end=$last failures=0
	while [ "$first" -le "$end" ]; do
		last=$((first + most - 1))
		[ "$last" -le "$end" ] || last=$end
		pids=
		each_pod cni_add
		cni_results || failures=1
		first=$((last + 1))
	done
	return "$failures"
}

# Pings the PODs' addresses in the results of ADD.
cni_ping() {
	need ping
	own_node
	range
	cni_targets "$TARGETS"
	ping_all "$TARGETS"
}

# Writes lines "<address> <pod>" to a file, from the PODs' results.
cni_targets() { # <file>
	local targets why n
	targets=$1
	shift
	n=$first
	while [ "$n" -le "$last" ]; do
		pod_name "$n"
		[ -s "/tmp/$pod.json" ] || die "no CNI result for $pod"
		set -- "$@" "/tmp/$pod.json"
		n=$((n + 1))
	done
	why=$(awk -v targets="$targets" -f "$library/cni-addresses.awk" "$@") || die "$why"
}

# Memory of an ADD: two Go programs, bridge and host-local. 5.3 MiB were measured; other releases may take more.
CNI_KIB=8192

# Sets $most to the maximum number of concurrent plugins, by available memory.
cni_most() {
	local name kib
	most=1
	while read -r name kib _; do
		[ "$name" != MemAvailable: ] || most=$((kib / CNI_KIB))
	done </proc/meminfo
	[ "$most" -ge 1 ] || most=1
}

# Calls the plugin for a POD.
cni_call() { # <command> <pod>
	pod_interface "$2"
	# shellcheck disable=SC2086
	CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=$NETNS/$2 CNI_IFNAME=$interface CNI_PATH=$plugins \
		$multi timeout "$CNI_SECONDS" "$plugins/$cni_type" <"$cni_config"
}

# Calls DEL for PODs connected by CNI, which releases their addresses.
cni_release() { # <pod…>
	local attached releasing said
	releasing=0
	for attached; do
		cni_touched "$attached" || continue
		cni_network_of "$attached"
		[ -r "$cni_config" ] || continue
		find_plugins "$cni_type"
		[ "$releasing" -gt 0 ] || cni_most
		releasing=$((releasing + 1))
		[ $((releasing % most)) -ne 0 ] || wait
		{
			said=$(cni_call DEL "$attached" 2>&1) || echo "netns_test: delete: CNI DEL for $attached: $said" >&2
			rm -f "/tmp/$attached.error" "/tmp/.$attached.cni"
		} &
	done
	wait
}

# Tests whether ADD was called for a POD: it left a result, or the error file of a running, interrupted or failed ADD.
cni_touched() { # <pod>
	[ -e "/tmp/$1.json" ] || [ -e "/tmp/$1.error" ]
}

# Sets $cni_type and $cni_config to those that connected a POD.
cni_network_of() { # <pod>
	cni_type=bridge
	[ ! -e "/tmp/.$1.cni" ] || read -r cni_type <"/tmp/.$1.cni"
	cni_network "$cni_type"
}

# Refuses a POD attached by another plugin: it would pass as attached by this one.
cni_check() { # <pod>
	local wanted
	cni_touched "$1" || return 0
	wanted=$cni_type
	cni_network_of "$1"
	[ "$cni_type" = "$wanted" ] || die "$1 is attached by the CNI plugin $cni_type (netns_test delete detaches it)"
}

# Calls DEL after a failed or interrupted ADD, as the CNI specification requires of runtimes, and deletes an interface
# that DEL leaves: the next ADD would fail.
cni_undo() { # <pod>
	local said
	said=$(cni_call DEL "$1" 2>&1) ||
		echo "netns_test: CNI DEL for $1 after its failed ADD: exit $?: $(echo "$said" | tr -s '\n\t ' ' ')" >&2
	cni_forget "$1"
}

# Removes an interface that DEL leaves, and the files of an attachment. Requires pod_interface.
cni_forget() { # <pod>
	# shellcheck disable=SC2016
	! in_pod "$1" '[ -e "/proc/sys/net/ipv4/conf/$1" ]' sh "$interface" || ip_in_pod "$1" "link delete $interface"
	rm -f "/tmp/$1.json" "/tmp/$1.error" "/tmp/.$1.cni"
}

# Tests whether a POD is attached: ADD left a result, and an interface. Requires pod_interface.
cni_attached() { # <pod>
	# shellcheck disable=SC2016
	[ -s "/tmp/$1.json" ] && [ ! -e "/tmp/$1.error" ] &&
		in_pod "$1" '[ -e "/proc/sys/net/ipv4/conf/$1" ]' sh "$interface"
}

cni_add() { # <pod>
	pod_interface "$1"
	# ADD fails for a POD that is attached already. Skip it.
	if cni_attached "$1"; then
		pids="$pids attached"
		return
	fi
	{
		! cni_touched "$1" || cni_undo "$1"
		echo "$cni_type" >"/tmp/.$1.cni"
		cni_call ADD "$1" >"/tmp/$1.json" 2>"/tmp/$1.error"
	} &
	pids="$pids $!"
}

# Waits for all plugins of a batch and reports every failure.
cni_results() {
	local status pid code n
	status=0
	n=$first
	for pid in $pids; do
		pod_name "$n"
		pod_interface "$pod"
		code=0
		[ "$pid" = attached ] || wait "$pid" || code=$?
		if [ "$code" -ne 0 ]; then
			status=1
			[ "$code" -ne 124 ] && [ "$code" -ne 143 ] || echo "timed out after $CNI_SECONDS s" >>"/tmp/$pod.error"
			failed "CNI ADD for $pod: exit $code: $(tr -s '\n\t ' ' ' <"/tmp/$pod.json") $(cat "/tmp/$pod.error")"
			cni_undo "$pod" &
		else
			rm -f "/tmp/$pod.error"
		fi
		n=$((n + 1))
	done
	wait
	return "$status"
}
