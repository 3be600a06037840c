# shellcheck shell=sh
# Captures packets on nodes. Sourced by xcluster-embedded.
# shellcheck disable=SC2154 # xcluster-embedded sets $XCLUSTER_TMP.

cmd_tcpdump() { # --start <node> <interface> [tcpdump's arguments…] | --get <node> <interface…>
	running
	what=$1
	[ $# -ge 3 ] || die 'tcpdump: --start or --get, a node and an interface are required'
	node=$2
	shift 2
	case $what in
	--start)
		interface=$1
		shift
		words=
		for word; do words="$words $(quoted "$word")"; done
		cmd_rsh "$node" "sh -s $(quoted "$interface") $words" <<-'END'
			# Returns once the capture has started, so that no later packet is missed.
			file=/tmp/capture-$1
			interface=$1
			shift
			rm -f "$file.pcap" "$file.log"
			tcpdump -Z root -n -U --immediate-mode -i "$interface" -w "$file.pcap" "$@" </dev/null >"$file.log" 2>&1 &
			echo $! >"$file.pid"
			tries=0
			until grep -q 'listening on' "$file.log"; do
				tries=$((tries + 1))
				if [ "$tries" -gt 200 ] || ! kill -0 "$(cat "$file.pid")" 2>/dev/null; then
					cat "$file.log" >&2
					exit 1
				fi
				usleep 50000
			done
		END
		;;
	--get)
		mkdir -p "$XCLUSTER_TMP/captures"
		for interface; do
			(
				cmd_rsh "$node" "sh -s $(quoted "$interface")" <<-'END'
					file=/tmp/capture-$1
					[ -r "$file.pid" ] || { echo "no capture is running on $1" >&2; exit 1; }
					pid=$(cat "$file.pid")
					kill -INT "$pid" 2>/dev/null
					while kill -0 "$pid" 2>/dev/null; do usleep 20000; done
					rm -f "$file.pid"
				END
			) || exit
			file=$XCLUSTER_TMP/captures/$(printf 'vm-%03d-%s.pcap' "$node" "$interface")
			(cmd_rcp "$node" "/tmp/capture-$interface.pcap" "$file") || exit
			echo "wireshark $file &"
		done
		;;
	*) die "tcpdump: $what: must be --start or --get" ;;
	esac
}
