# shellcheck shell=sh
# forward: enable packet forwarding on this node

tcase_forward() {
	no_arguments tcase_forward "$@"
	tcase "Forward packets"
	echo 1 >/proc/sys/net/ipv4/ip_forward && echo 1 >/proc/sys/net/ipv6/conf/all/forwarding &&
		echo 1 >/proc/sys/net/ipv4/fib_multipath_hash_policy
}
