# shellcheck shell=sh
# Captures on a node, excluding the ssh connection itself. Arguments: a filter of pcap-filter(7), and tcpdump's options.
# SSH_CONNECTION is "<client's address> <its port> <server's address> <its port>": ssh(1), "ENVIRONMENT".

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
command -v tcpdump >/dev/null || { echo "no command 'tcpdump'" >&2; exit 127; }
filter=$1
shift
port=${SSH_CONNECTION#* }
# A node of namespaces is logged in to by a unix socket: it has no packets.
case ${port%% *} in
'' | *[!0-9]*) ;;
*)
	own="not (host ${SSH_CONNECTION%% *} and tcp port ${port%% *} and tcp port ${SSH_CONNECTION##* })"
	filter="$own${filter:+ and ($filter)}"
	;;
esac
exec tcpdump "$@" -- "$filter"
