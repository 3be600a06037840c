# shellcheck shell=sh
# PODs connected by CNI plugins. The protocol is the CNI specification's: a plugin reads its network configuration on
# stdin and its parameters from CNI_* variables, and prints a result, or an error, as JSON.

need pods address

CNI_CONFIG=/etc/cni/10-bridge.conf
# A plugin takes a second when twenty start at once in an emulated VM.
CNI_SECONDS=60

# Sets $plugins to the directory of the plugins.
find_plugins() {
	for plugins in /opt/cni/bin /usr/lib/cni; do
		[ -x "$plugins/bridge" ] && [ -x "$plugins/host-local" ] && return
	done
	die "the CNI plugins bridge and host-local are neither in /opt/cni/bin nor in /usr/lib/cni"
}

cmd_cni_bridge_configure() {
	no_arguments cni_bridge_configure "$@"
	own_node
	load_template
	find_plugins
	pod_address "$node" 0
	subnet4=$ipv4
	format_ipv4 "$subnet4"
	subnet4=$text/$inner
	format_mapped "$ipv4"
	subnet6=$text/$((inner + 96))
	# The newest version that both understand.
	version=$({ CNI_COMMAND=VERSION "$plugins/bridge" && CNI_COMMAND=VERSION "$plugins/host-local"; } </dev/null |
		awk "$CNI_VERSION") || die "the CNI plugins do not tell their versions, or have none in common"
	mkdir -p "${CNI_CONFIG%/*}/net.d"
	cat >"$CNI_CONFIG" <<-EOF
		{
		    "cniVersion": "$version",
		    "name": "xnet",
		    "type": "bridge",
		    "isDefaultGateway": true,
		    "hairpinMode": true,
		    "ipam": {
		      "type": "host-local",
		      "ranges": [
		        [ { "subnet": "$subnet4" } ],
		        [ { "subnet": "$subnet6" } ]
		      ]
		    }
		}
	EOF
}

# JSON is read by awk here: jq takes half a second to start in an emulated VM. Of what two plugins answer to VERSION, prints the last
# version of the first one's list that the other one has, too.
# shellcheck disable=SC2016
CNI_VERSION='
	{ text = text $0 }
	END {
		gsub(/[ \t\r]/, "", text)
		for (lists = 0; match(text, /"supportedVersions":\[[^]]*\]/); lists++) {
			list[lists] = substr(text, RSTART + 21, RLENGTH - 22)
			text = substr(text, RSTART + RLENGTH)
		}
		if (lists != 2) exit 1
		for (n = split(list[0], versions, ","); n > 0; n--) {
			if (!index("," list[1] ",", "," versions[n] ",")) continue
			gsub(/"/, "", versions[n])
			print versions[n]
			exit
		}
		exit 1
	}'

# Reads results, a file for each POD; writes lines "<address> <pod>" into the file $targets, or prints what is wrong, and fails. A POD
# must have been given an address of each family: none would be a ping that cannot fail.
# shellcheck disable=SC2016
CNI_ADDRESSES='
	function leave() {
		if (pod == "") return
		gsub(/[ \t\r]/, "", text)
		if (text !~ /^\{.*\}$/ || !match(text, /"ips":\[[^]]*\]/)) fail(pod ": its CNI result is none: " text)
		text = substr(text, RSTART, RLENGTH)
		has4 = has6 = found = ""
		while (match(text, /"address":"[^"\/]*/)) {
			address = substr(text, RSTART + 11, RLENGTH - 11)
			text = substr(text, RSTART + RLENGTH)
			if (address ~ /:/) has6 = 1; else has4 = 1
			found = found " " address
			print address, pod >targets
		}
		if (!has4 || !has6) fail("CNI gave " pod " no address of each family, but:" found)
	}
	function fail(why) {
		print why
		failed = 1
		exit 1
	}
	FNR == 1 {
		leave()
		pod = FILENAME
		gsub(/.*\/|\.json$/, "", pod)
		text = ""
	}
	{ text = text $0 }
	END {
		if (failed) exit 1
		leave()
	}'

# Writes lines "<address> <pod>" of what CNI gave the PODs into a file.
cni_targets() { # <file>
	set -- "$1"
	n=$first
	while [ "$n" -le "$last" ]; do
		pod_name "$n"
		[ -s "/tmp/$pod.json" ] || die "no CNI result for $pod"
		set -- "$@" "/tmp/$pod.json"
		n=$((n + 1))
	done
	targets=$1
	shift
	why=$(awk -v targets="$targets" "$CNI_ADDRESSES" "$@") || die "$why"
}

cmd_cni_bridge_start() {
	no_arguments cni_bridge_start "$@"
	find_plugins
	[ -r "$CNI_CONFIG" ] || die "no $CNI_CONFIG (netns_test cni_bridge_configure writes it)"
	cmd_create
	range
	cni_most
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

# An ADD is two Go programs, bridge and host-local, of 5.3 MiB together where they were measured, and of whatever another release takes.
CNI_KIB=8192

# Sets $most to how many plugins run at once: as many as the free memory bears.
cni_most() {
	most=1
	while read -r name kib _; do
		[ "$name" != MemAvailable: ] || most=$((kib / CNI_KIB))
	done </proc/meminfo
	[ "$most" -ge 1 ] || most=1
}

# Calls the plugin for a POD; the configuration is on its input.
cni_call() { # <command> <pod>
	pod_interface "$2"
	CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=$NETNS/$2 CNI_IFNAME=$interface CNI_PATH=$plugins \
		$multi timeout "$CNI_SECONDS" "$plugins/bridge" <"$CNI_CONFIG"
}

# Gives back what CNI gave PODs: else their addresses would stay taken.
cni_release() { # <pod…>
	plugins='' releasing=0
	for attached; do
		cni_touched "$attached" && [ -r "$CNI_CONFIG" ] || continue
		[ -n "$plugins" ] || {
			find_plugins
			cni_most
		}
		releasing=$((releasing + 1))
		[ $((releasing % most)) -ne 0 ] || wait
		{
			said=$(cni_call DEL "$attached" 2>&1) || echo "netns_test: delete: CNI DEL for $attached: $said" >&2
			rm -f "/tmp/$attached.error"
		} &
	done
	wait
}

# Whether ADD was called for a POD: it has a result, or an ADD under way, cut off, or failed has left its file of errors.
cni_touched() { # <pod>
	[ -e "/tmp/$1.json" ] || [ -e "/tmp/$1.error" ]
}

# Undoes an ADD that failed or was cut off, as the specification asks of runtimes: the plugin may have made something before.
# An interface that DEL leaves would be in the way of the next ADD.
cni_undo() { # <pod>
	said=$(cni_call DEL "$1" 2>&1) ||
		echo "netns_test: CNI DEL for $1 after its failed ADD: exit $?: $(echo "$said" | tr -s '\n\t ' ' ')" >&2
	# shellcheck disable=SC2016
	! in_pod "$1" '[ -e "/proc/sys/net/ipv4/conf/$1" ]' sh "$interface" || ip_in_pod "$1" "link delete $interface"
	rm -f "/tmp/$1.json" "/tmp/$1.error"
}

cni_add() { # <pod>
	pod_interface "$1"
	# ADD is an error for what is attached already: that stays as it is.
	# shellcheck disable=SC2016
	if [ -s "/tmp/$1.json" ] && [ ! -e "/tmp/$1.error" ] &&
		in_pod "$1" '[ -e "/proc/sys/net/ipv4/conf/$1" ]' sh "$interface"; then
		pids="$pids attached"
		return
	fi
	{
		! cni_touched "$1" || cni_undo "$1"
		cni_call ADD "$1" >"/tmp/$1.json" 2>"/tmp/$1.error"
	} &
	pids="$pids $!"
}

# The plugins of a batch run at once; their results are looked at one after the other, so that all failures are shown.
cni_results() {
	status=0
	n=$first
	for pid in $pids; do
		pod_name "$n"
		pod_interface "$pod"
		code=0
		[ "$pid" = attached ] || wait "$pid" || code=$?
		if [ "$code" -ne 0 ]; then
			status=1
			[ "$code" -ne 124 ] && [ "$code" -ne 143 ] || echo "no answer in $CNI_SECONDS s" >>"/tmp/$pod.error"
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
