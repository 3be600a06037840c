#!/bin/sh
# The host side of the model's test, called as `model.sh test <name…>`, as in every ovl of xcluster.

dir=$(dirname "$(readlink -f "$0")")
start=starts

test_start() {
	xcluster_start network-topology iptools netns model
	otc 1 version
}
test_steps() {
	test_start
	otcw version "ping vm-001"
	otcwp version retry
	otcr version
	otc 1 variables shuf
	otcprog=netns_test
	otc 1 version
	unset otcprog
	xcluster_stop
}
test_failing_in_parallel() {
	test_start
	otcwp "fail_on 2"
	echo NOT-REACHED
}
test_failing_in_turn() {
	otcw "exit 7"
	echo NOT-REACHED
}
test_files() {
	echo 'it'\''s "one" $word' >"$XCLUSTER_TMP/expected"
	rsh 1 'cat >"/tmp/a file"' <"$XCLUSTER_TMP/expected" || tdie
	rcp 1 '/tmp/a file' "$XCLUSTER_TMP/got" || tdie
	cmp "$XCLUSTER_TMP/expected" "$XCLUSTER_TMP/got" || tdie
	rcp 1 /tmp/none "$XCLUSTER_TMP/none" && tdie 'copied a missing file'
	[ ! -e "$XCLUSTER_TMP/none" ] || tdie 'left a partial file'
	rsh 1 exit 9
	[ $? -eq 9 ] || tdie 'the exit status was lost'
}
test_captures() {
	"$XCLUSTER" tcpdump --start 1 eth1 icmp || tdie
	otc 1 "ping 192.168.1.2"
	tcpdump --get 1 eth1 || tdie
	"$XCLUSTER" tcpdump --start 1 no-such && tdie 'captures on a missing interface'
	"$XCLUSTER" tcpdump --get 1 eth0 && tdie 'got a capture that was not started'
	return 0
}
test_scaling() {
	"$XCLUSTER" scaleout 3 202 || tdie 'scaleout'
	check_vm 3 202 || tdie 'the new nodes do not respond'
	otc 3 version "ping 192.168.1.1" "ping vm-001"
	otc 1 "ping 192.168.1.3"
	"$XCLUSTER" scaleout 3 && tdie 'a node was added twice'
	"$XCLUSTER" scalein 2 202 || tdie 'scalein'
	otcw version
	rsh 2 true && tdie 'vm-002 still responds'
	otc 1 "exit 0"
	rsh 1 ping -c1 -W1 192.168.1.2 && tdie 'vm-002 still responds to pings'
	return 0
}
cmd_test() {
	eval $("$XCLUSTER" env)
	export __image="$XCLUSTER_HOME/hd.img"
	[ -z "${TOPOLOGY-}" ] || . "$("$XCLUSTER" ovld network-topology)/$TOPOLOGY/Envsettings"
	rm -f "$XCLUSTER_TMP/cdrom.iso"
	for t; do "test_$t"; done
	tlog 'Xcluster test ended'
}

. "$("$XCLUSTER" ovld test)/default/usr/lib/xctest"
indent=''
shift
while :; do
	case ${1-} in
	--*=*) eval "$(printf %s "${1%%=*}" | tr - _)=\${1#*=}" ;;
	--*) eval "$(printf %s "$1" | tr - _)=yes" ;;
	*) break ;;
	esac
	shift
done
cmd_test "$@"
