# shellcheck shell=sh
# Captures in a VM, without the packets of the connection by which they come. Arguments: a filter of pcap-filter(7), and tcpdump's
# options. SSH_CONNECTION is "<client's address> <its port> <server's address> <its port>": ssh(1), "ENVIRONMENT".

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
command -v tcpdump >/dev/null || { echo "no command 'tcpdump'" >&2; exit 127; }
filter=$1
shift
if [ -n "$SSH_CONNECTION" ]; then
	port=${SSH_CONNECTION#* }
	own="not (host ${SSH_CONNECTION%% *} and tcp port ${port%% *} and tcp port ${SSH_CONNECTION##* })"
	filter="$own${filter:+ and ($filter)}"
fi
exec tcpdump "$@" -- "$filter"
