#!/bin/sh
# Pings each address on stdin with a process of its own, and prints what `fping -a -e` would.

at_once=$1  # maximum number of concurrent processes
timeout=$2  # in seconds
attempts=$3 # for each address
size=${4-}  # bytes of data

ping_address() { # <address>
	while :; do
		said=$(ping -c 1 -W "$timeout" ${size:+-s "$size"} "$1" </dev/null)
		attempts=$((attempts - 1))
		case $said in
		*time=*)
			time=${said#*time=}
			echo "$1 (${time%% *} ms)"
			return
			;;
		esac
		[ "$attempts" -gt 0 ] || return 0
	done
}

running=0
while read -r address; do
	ping_address "$address" &
	running=$((running + 1))
	[ "$running" -lt "$at_once" ] || { wait && running=0; }
done
wait
