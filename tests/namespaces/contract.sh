#!/bin/sh
# Runs in a VM: calls netns_test, each time from a clean state, and prints the results. contract.test.ts appends the
# calls. Runs in dash, even if netns_test runs in busybox, which would use its own ip.
# Lines: "call <name>", "exit <status>", "out <line>", "err <line>", and the state afterwards: "space <vm or POD>",
# "hostname <name>", "json <output of ip>", "conf <interface>/<setting>:<value>", "sysctl <name> <value>", "file
# <path>".

work=/run/contract
mkdir -p "$work"
cp /etc/profile "$work/profile"
# The kernel's defaults, as in the recorded VM. The image's defaults save time.
for name in accept_dad accept_ra; do echo 1 >"/proc/sys/net/ipv6/conf/default/$name"; done

# Prints the state of a network namespace, of the VM or of a POD.
cat >"$work/space" <<'EOF'
read -r name </proc/sys/kernel/hostname
echo "hostname $name"
printf 'link show\naddress show\nroute show table all\n' | ip -d -j -batch - | sed 's/^/json /'
cd /proc/sys/net/ipv6/conf && grep -H '' */accept_dad */accept_ra */addr_gen_mode | sed 's/^/conf /'
EOF

state() {
	echo "space vm"
	dash "$work/space"
	for name in ipv4/ip_forward ipv6/conf/all/forwarding ipv4/fib_multipath_hash_policy; do
		read -r value <"/proc/sys/net/$name"
		echo "sysctl $name $value"
	done
	find /var/run/netns/. /var/run/utsns/. /etc/cni /var/lib/cni /tmp/*.json 2>/dev/null | sed 's,/\.,,; s,^,file ,'
	for pod in /var/run/netns/*; do
		pod=${pod##*/}
		[ -e "/var/run/utsns/$pod" ] || continue
		echo "space $pod"
		nsenter --net="/var/run/netns/$pod" --uts="/var/run/utsns/$pod" dash "$work/space"
	done
}

# Restores the initial state. eth2 is down and has no address, as in the recorded VM.
reset() {
	set --
	for file in /var/run/netns/* /var/run/utsns/*; do [ ! -e "$file" ] || set -- "$@" "$file"; done
	[ $# -eq 0 ] || umount "$@"
	rm -rf /var/run/netns /var/run/utsns /etc/cni /var/lib/cni /tmp/*.json
	{
		for link in /sys/class/net/*; do
			case ${link##*/} in
			lo | eth[0-2] | ip6tnl0 | dummy0) ;;
			*) echo "link delete ${link##*/}" ;;
			esac
		done
		cat <<-EOF
			link set eth1 nomaster
			link set eth2 nomaster
			link set eth2 down
			address flush dev eth2
			address flush dev eth1
			address add 192.168.1.1/24 dev eth1
			address add 1000::1:192.168.1.1/120 dev eth1 nodad
		EOF
	} | ip -force -batch - 2>/dev/null
	for name in ipv4/ip_forward ipv6/conf/all/forwarding ipv4/fib_multipath_hash_policy; do
		echo 0 >"/proc/sys/net/$name"
	done
	for name in accept_dad accept_ra; do echo 1 >"/proc/sys/net/ipv6/conf/eth2/$name"; done
	cp "$work/profile" /etc/profile
}

dirty=yes
call() { # <name> <setup> <command> <with the state afterwards: yes or no>
	[ "$dirty$4$2" = nono ] || reset
	dirty=$4
	[ -z "$2" ] || dirty=yes
	(eval "$2") >"$work/setup" 2>&1 </dev/null
	(eval "$3") >"$work/out" 2>"$work/err" </dev/null
	status=$?
	echo "call $1"
	echo "exit $status"
	sed 's/^/out /' "$work/out"
	sed 's/^/err /' "$work/err"
	[ "$4" = no ] || state
}

export NPODS=2 PREFIX=1000::1
